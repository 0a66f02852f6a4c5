extension Configuration {
  /// The two players.
  public struct Model: Sendable, Equatable {
    public var generator = Network(stacks: 4)
    public var discriminator = Network(stacks: 1)
  }

  /// A stacked hourglass network.
  public struct Network: Sendable, Equatable {
    /// Hourglasses one after the other: 4 in the generator, 1 in the discriminator.
    public var stacks: Int
    /// Residual modules at each place of an hourglass.
    public var modules = 2
    /// Channels within the hourglasses, F; even.
    public var features = 256
    /// How often an hourglass halves the heatmaps' resolution, which must be divisible by 2^depth.
    public var depth = 4
  }

  /// The balance between the players (Chou, Chien and Chen 2017, arXiv 1707.02439).
  public struct Adversarial: Sendable, Equatable {
    public enum Reduction: String, Sendable, CaseIterable {
      /// Losses are divided by B·M·h·w.
      case mean
      /// Losses are divided by B alone.
      case sum
    }

    public enum Balance: String, Sendable, CaseIterable {
      /// k_t moves by λ_k (γ L_real − L_fake), as in the paper.
      case absolute
      /// k_t moves by λ_k (γ − L_fake / L_real), free of the losses' scale.
      case relative
    }

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
    public var reduction = Reduction.mean
    public var balance = Balance.absolute
    /// Whether L_adv's gradient also flows through Ĉ as the discriminator's target: true is the derivative of the
    /// formula, false what the authors' code does.
    public var targetGradient = true
    /// Whether the discriminator runs again, after its update, for the generator's gradient.
    public var refreshDiscriminator = false
  }

  public struct Optimizers: Sendable, Equatable {
    public var generator = Optimizer(kind: .rmsprop, learningRate: 2.5e-4)
    public var discriminator = Optimizer(kind: .adam, learningRate: 8e-5)
  }

  /// One player's update rule.
  public struct Optimizer: Sendable, Equatable {
    public enum Kind: String, Sendable, CaseIterable { case rmsprop, adam }
    public enum Schedule: String, Sendable, CaseIterable {
      case constant
      /// Multiplied by `decay` at each of `milestones`.
      case step
      /// Falls along half a cosine to `finalFraction` of itself at the last step.
      case cosine
    }

    /// RMSprop for the generator, Adam for the discriminator.
    public var kind: Kind
    /// 2.5e-4 for the generator, 8e-5 for the discriminator.
    public var learningRate: Double
    /// RMSprop's α, the memory of its mean square.
    public var alpha = 0.99
    /// Adam's β₁ and β₂.
    public var beta1 = 0.9
    public var beta2 = 0.999
    public var epsilon = 1e-8
    /// Largest Euclidean norm of the whole gradient; 0 for no limit.
    public var clipNorm = 0.0
    public var schedule = Schedule.constant
    /// Steps over which the rate rises evenly from 0.
    public var warmupSteps = 0
    /// Steps at which `schedule: step` lowers the rate, ascending.
    public var milestones: [Int] = []
    public var decay = 0.1
    public var finalFraction = 0.0
  }
}
