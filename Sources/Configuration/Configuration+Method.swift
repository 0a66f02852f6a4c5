import Objectives
import Optimizers
import PoseModels

extension Configuration {
  /// The two players.
  public struct Model: Sendable, Equatable {
    public var generator = HourglassConfiguration(stacks: 4)
    public var discriminator = HourglassConfiguration(stacks: 1)

    public init() {}
  }

  /// The balance between the players (Chou, Chien and Chen 2017, arXiv 1707.02439).
  public struct Adversarial: Sendable, Equatable {
    /// False trains the generator alone, on L_MSE.
    public var enabled = true
    /// λ_G in L_G = L_MSE + λ_G L_adv.
    public var lambdaG = 1e-4
    /// λ_k, how fast k_t moves.
    public var lambdaK = 1e-3
    /// γ, the ratio L_fake / L_real that the balance aims at.
    public var gamma = 0.5
    /// k_0, from 0 to 1.
    public var kInitial = 0.0
    public var reduction = LossReduction.mean
    public var balance = BalanceController.Mode.absolute
    /// τ: whether L_adv's gradient also flows through Ĉ as the discriminator's target: true is the derivative of the
    /// formula, false what the authors' code does.
    public var targetGradient = true
    /// Whether the discriminator runs again, after its update, for the generator's gradient, as the public PyTorch code
    /// does.
    public var refreshDiscriminator = false

    public init() {}
  }

  public struct Optimizers: Sendable, Equatable {
    public var generator = OptimizerSettings(.rmsprop, learningRate: 2.5e-4)
    public var discriminator = OptimizerSettings(.adam, learningRate: 8e-5)

    public init() {}
  }
}
