import Kernels
import Tensors

/// RMSprop (Tieleman and Hinton, 2012) as PyTorch computes it: s = α s + (1 − α) g², p −= lr · g / (√s + ε).
public final class RMSprop: Optimizer {
  public var stepCount = 0
  private let alpha: Double
  private let epsilon: Double
  private let squareAverage: Buffer<Real>

  public init(count: Int, alpha: Double = 0.99, epsilon: Double = 1e-8) {
    self.alpha = alpha
    self.epsilon = epsilon
    squareAverage = Buffer(count: count)
  }

  public var moments: [(name: String, values: UnsafeMutablePointer<Real>)] {
    [("square_average", squareAverage.pointer)]
  }

  public func update(
    parameters: UnsafeMutablePointer<Real>, gradient: UnsafePointer<Real>, clip: Double, learningRate: Double,
    _ vectors: VectorOperations
  ) {
    stepCount += 1
    vectors.rmsprop(
      parameters: parameters, squareAverage: squareAverage.pointer, gradient: gradient, count: squareAverage.count,
      clip: clip, learningRate: learningRate, alpha: alpha, epsilon: epsilon)
  }
}
