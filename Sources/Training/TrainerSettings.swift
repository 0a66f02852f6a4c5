import DataParallel
import Kernels
import Objectives
import Optimizers
import PoseModels

/// What a training step depends on: networks, losses, update rules and how the batch is cut up.
public struct TrainerSettings: Sendable {
  /// The adversarial part of the method; nil trains the generator alone, by L_MSE.
  public struct Adversarial: Sendable {
    public var discriminator: HourglassConfiguration
    public var discriminatorOptimizer: OptimizerSettings
    /// λ_G, the weight of L_adv in L_G.
    public var lambdaG: Double
    /// λ_k, the step of k_t.
    public var lambdaK: Double
    /// γ, the wanted ratio of L_fake to L_real.
    public var gamma: Double
    public var kInitial: Double
    public var balance: BalanceController.Mode
    /// τ: whether Ĉ as the target of D(Ĉ, X) passes a gradient on too, as the formula says; the authors' code has it not.
    public var targetGradient: Bool
    /// Whether D runs again after its update for the generator's loss, as the public PyTorch code does.
    public var refreshDiscriminator: Bool
    /// Holds k_t at its initial value: for benchmarks.
    public var holdsKt = false

    public init(
      discriminator: HourglassConfiguration, discriminatorOptimizer: OptimizerSettings, lambdaG: Double,
      lambdaK: Double, gamma: Double, kInitial: Double, balance: BalanceController.Mode, targetGradient: Bool,
      refreshDiscriminator: Bool
    ) {
      self.discriminator = discriminator
      self.discriminatorOptimizer = discriminatorOptimizer
      self.lambdaG = lambdaG
      self.lambdaK = lambdaK
      self.gamma = gamma
      self.kInitial = kInitial
      self.balance = balance
      self.targetGradient = targetGradient
      self.refreshDiscriminator = refreshDiscriminator
    }
  }

  public var generator: HourglassConfiguration
  public var generatorOptimizer: OptimizerSettings
  public var adversarial: Adversarial?
  public var reduction: LossReduction
  public var inputResolution: Int
  public var seed: UInt64
  public var bucketSize = BucketSize.usual
  public var algorithm = ReductionAlgorithm.tree
  /// Whether a step that is not finite changes nothing and counts as done, rather than ending the run.
  public var skipsNotFinite = false

  public init(
    generator: HourglassConfiguration, generatorOptimizer: OptimizerSettings, adversarial: Adversarial?,
    reduction: LossReduction, inputResolution: Int, seed: UInt64
  ) {
    self.generator = generator
    self.generatorOptimizer = generatorOptimizer
    self.adversarial = adversarial
    self.reduction = reduction
    self.inputResolution = inputResolution
    self.seed = seed
  }
}

/// An update rule, its constants and its learning rate's course.
public struct OptimizerSettings: Sendable {
  public enum Rule: Sendable, Equatable {
    case rmsprop(alpha: Double, epsilon: Double)
    case adam(beta1: Double, beta2: Double, epsilon: Double)
  }

  public var rule: Rule
  public var schedule: LearningRateSchedule
  /// Largest norm of the gradient; 0: no limit.
  public var clipNorm: Double

  public init(rule: Rule, schedule: LearningRateSchedule, clipNorm: Double = 0) {
    self.rule = rule
    self.schedule = schedule
    self.clipNorm = clipNorm
  }

  func makeOptimizer(count: Int) -> any Optimizer {
    switch rule {
    case .rmsprop(let alpha, let epsilon): return RMSprop(count: count, alpha: alpha, epsilon: epsilon)
    case .adam(let beta1, let beta2, let epsilon):
      return Adam(count: count, beta1: beta1, beta2: beta2, epsilon: epsilon)
    }
  }
}
