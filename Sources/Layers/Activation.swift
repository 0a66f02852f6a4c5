import Kernels
import Tensors

/// A layer's result and, while training, its mean and variance per channel, gathered as it was written.
public struct Activation {
  /// N×H×W×C.
  public let tensor: Tensor
  public let moments: Moments?

  public init(tensor: Tensor, moments: Moments?) {
    self.tensor = tensor
    self.moments = moments
  }

  public var shape: Shape { tensor.shape }
}
