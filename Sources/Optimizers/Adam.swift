import Kernels
import Tensors

#if canImport(Glibc)
  import Glibc
#endif

/// Adam (Kingma and Ba, arXiv 1412.6980, algorithm 1) as PyTorch computes it.
public final class Adam: Optimizer {
  public var stepCount = 0
  private let beta1: Double
  private let beta2: Double
  private let epsilon: Double
  private let average: Buffer<Real>
  private let squareAverage: Buffer<Real>

  public init(count: Int, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8) {
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    average = Buffer(count: count)
    squareAverage = Buffer(count: count)
  }

  public var moments: [(name: String, values: UnsafeMutablePointer<Real>)] {
    [("average", average.pointer), ("square_average", squareAverage.pointer)]
  }

  public func update(
    parameters: UnsafeMutablePointer<Real>, gradient: UnsafePointer<Real>, clip: Double, learningRate: Double,
    _ vectors: VectorOperations
  ) {
    stepCount += 1
    vectors.adam(
      parameters: parameters, average: average.pointer, squareAverage: squareAverage.pointer, gradient: gradient,
      count: average.count, clip: clip, learningRate: learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon,
      firstCorrection: 1 - pow(beta1, Double(stepCount)), secondCorrection: 1 - pow(beta2, Double(stepCount)))
  }
}
