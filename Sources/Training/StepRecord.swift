import Configuration
import Objectives

/// What one training step reports: the global batch's losses and what was done with them.
public struct StepRecord: Sendable, Equatable {
  public internal(set) var losses = Losses()
  /// L_G = L_MSE + λ_G L_adv
  public internal(set) var lossG = 0.0
  /// L_D = L_real − k_t L_fake
  public internal(set) var lossD = 0.0
  /// k_t as used in this step.
  public internal(set) var kt = 0.0
  /// λ_k times this is k_t's change before it is clamped.
  public internal(set) var balance = 0.0
  /// M_conv = L_real + |γ L_real − L_fake|
  public internal(set) var convergence = 0.0
  public internal(set) var learningRateGenerator = 0.0
  /// 0 if training is not adversarial.
  public internal(set) var learningRateDiscriminator = 0.0
  /// Why the step changed nothing; nil if it was applied.
  public internal(set) var skipped: NotFiniteError?
  /// Where the time went.
  public internal(set) var phases = StepPhases()
  /// Seconds that this rank's sums over ranks took, hidden behind computing or not.
  public internal(set) var communicationSeconds = 0.0
  /// What signals to any rank ask for, the same on every rank.
  public internal(set) var requests: StopSignals.Requests = []

  init(_ losses: Losses, _ controller: BalanceController, _ adversarial: Configuration.Adversarial) {
    self.losses = losses
    kt = controller.kt
    lossG = losses[.mse] + (adversarial.enabled ? adversarial.lambdaG : 0) * losses[.adv]
    lossD = losses[.real] - kt * losses[.fake]
    balance = controller.balance(lossReal: losses[.real], lossFake: losses[.fake])
    convergence = controller.convergence(lossReal: losses[.real], lossFake: losses[.fake])
  }

  public var isAdversarial: Bool { learningRateDiscriminator > 0 }

  var isFinite: Bool { losses.isFinite && lossG.isFinite && lossD.isFinite && balance.isFinite }
}
