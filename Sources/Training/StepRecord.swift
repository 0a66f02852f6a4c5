import Configuration
import Objectives

/// What one training step reports: the global batch's losses and what was done with them.
public struct StepRecord: Sendable, Equatable {
  public internal(set) var lossMSE = 0.0
  public internal(set) var lossAdv = 0.0
  /// L_G = L_MSE + λ_G L_adv
  public internal(set) var lossG = 0.0
  public internal(set) var lossReal = 0.0
  public internal(set) var lossFake = 0.0
  /// L_D = L_real − k_t L_fake
  public internal(set) var lossD = 0.0
  /// k_t as used in this step.
  public internal(set) var kt = 0.0
  /// λ_k times this is k_t's change before it is clamped.
  public internal(set) var balance = 0.0
  /// M_conv = L_real + |γ L_real − L_fake|
  public internal(set) var convergence = 0.0
  public internal(set) var learningRateGenerator = 0.0
  public internal(set) var learningRateDiscriminator = 0.0
  /// Why the step changed nothing; nil where it was applied.
  public internal(set) var skipped: NotFiniteError?
  /// Where the time went.
  public internal(set) var phases = StepPhases()
  /// Seconds that this rank's sums over ranks took, hidden behind computing or not.
  public internal(set) var communicationSeconds = 0.0
  /// What signals to any rank ask for, the same on every rank.
  public internal(set) var requests: StopSignals.Requests = []

  mutating func fill(_ sums: ShardSums, _ controller: BalanceController, _ settings: TrainerSettings) {
    (lossMSE, lossAdv, lossReal, lossFake) = (sums.lossMSE, sums.lossAdv, sums.lossReal, sums.lossFake)
    kt = controller.kt
    lossG = lossMSE + (settings.adversarial.enabled ? settings.adversarial.lambdaG : 0) * lossAdv
    lossD = lossReal - kt * lossFake
    balance = controller.balance(lossReal: lossReal, lossFake: lossFake)
    convergence = controller.convergence(lossReal: lossReal, lossFake: lossFake)
  }

  var isFinite: Bool { lossG.isFinite && lossD.isFinite && balance.isFinite }
}
