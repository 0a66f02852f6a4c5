/// The scalar that balances the two players, and its update (arXiv 1707.02439, equation 6; the proportional control of
/// Berthelot et al., arXiv 1703.10717):
///
///     k_{t+1} = clamp(k_t + λ_k (γ L_real − L_fake), 0, 1)
///
/// Every rank computes it in Double from the same global losses, so every rank holds the same bits.
public struct BalanceController: Sendable, Equatable {
  /// What drives k_t.
  public enum Mode: String, Sendable, CaseIterable {
    /// γ L_real − L_fake, as published; its size is that of the losses.
    case absolute
    /// γ − L_fake / L_real, free of the losses' scale; nothing where L_real is 0.
    case relative
  }

  /// k_t, the value used in the coming step.
  public private(set) var kt: Double
  public let lambdaK: Double
  public let gamma: Double
  public let mode: Mode

  public init(kt: Double, lambdaK: Double, gamma: Double, mode: Mode) {
    self.kt = kt
    self.lambdaK = lambdaK
    self.gamma = gamma
    self.mode = mode
  }

  /// The same control at another k_t, as when a run is resumed.
  public func with(kt: Double) -> BalanceController {
    BalanceController(kt: kt, lambdaK: lambdaK, gamma: gamma, mode: mode)
  }

  /// What λ_k multiplies: k_t's change before it is clamped is λ_k times this.
  public func balance(lossReal: Double, lossFake: Double) -> Double {
    switch mode {
    case .absolute: return gamma * lossReal - lossFake
    case .relative: return lossReal == 0 ? 0 : gamma - lossFake / lossReal
    }
  }

  /// M_conv = L_real + |γ L_real − L_fake|, small when both players have settled.
  public func convergence(lossReal: Double, lossFake: Double) -> Double {
    lossReal + abs(gamma * lossReal - lossFake)
  }

  /// Moves from k_t to k_{t+1}. The losses are the global batch's.
  public mutating func update(lossReal: Double, lossFake: Double) {
    kt = min(1, max(0, kt + lambdaK * balance(lossReal: lossReal, lossFake: lossFake)))
  }
}
