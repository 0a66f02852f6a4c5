import Kernels
import Tensors

/// An update rule and its memory, over one network's block of parameters.
public protocol Optimizer: AnyObject {
  /// Updates applied so far.
  var stepCount: Int { get set }
  /// The moments, each a block of the parameters' layout, by name.
  var moments: [(name: String, values: UnsafeMutablePointer<Real>)] { get }

  /// One update with `clip` · gradient.
  func update(
    parameters: UnsafeMutablePointer<Real>, gradient: UnsafePointer<Real>, clip: Double, learningRate: Double,
    _ vectors: VectorOperations)
}

/// The factor by which gradients are scaled so that their norm is at most `limit`; 0 stands for no limit.
///
/// limit / (norm + 1e-6) where that is below one, as PyTorch's `clip_grad_norm_`.
public func clipFactor(norm: Double, limit: Double) -> Double {
  limit > 0 ? min(1, limit / (norm + 1e-6)) : 1
}
