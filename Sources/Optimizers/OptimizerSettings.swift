/// One network's update rule, its constants and its learning rate.
public struct OptimizerSettings: Sendable, Equatable {
  public enum Kind: String, Sendable, CaseIterable { case rmsprop, adam }

  public var kind: Kind
  public var schedule: LearningRateSchedule
  /// RMSprop's α, the memory of its mean square.
  public var alpha = 0.99
  /// Adam's β₁ and β₂.
  public var beta1 = 0.9
  public var beta2 = 0.999
  public var epsilon = 1e-8
  /// Largest Euclidean norm of the whole gradient; 0: no limit.
  public var clipNorm = 0.0

  public init(_ kind: Kind, learningRate: Double) {
    self.kind = kind
    schedule = LearningRateSchedule(learningRate: learningRate)
  }

  /// - Parameter count: numbers in the network's parameter block.
  public func makeOptimizer(count: Int) -> any Optimizer {
    switch kind {
    case .rmsprop: RMSprop(count: count, alpha: alpha, epsilon: epsilon)
    case .adam: Adam(count: count, beta1: beta1, beta2: beta2, epsilon: epsilon)
    }
  }
}
