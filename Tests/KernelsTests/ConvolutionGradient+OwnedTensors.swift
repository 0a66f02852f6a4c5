import Kernels
import Tensors
import TestSupport

extension ConvolutionGradient {
  /// Both gradients of a convolution, to a test's own memory.
  init(_ weights: OwnedTensor, _ bias: OwnedTensor, scale: Real = 1, keep: Bool = false) {
    self.init(
      weights: ParameterGradient(values: weights.pointer, scale: scale, keep: keep),
      bias: ParameterGradient(values: bias.pointer, scale: scale, keep: keep))
  }
}
