import Kernels
import Layers
import Tensors
import TestSupport

extension KernelContext {
  /// What a layer before would have given: the tensor with its moments.
  func activation(_ x: OwnedTensor) -> Activation {
    Activation(tensor: x.tensor, moments: moments(apply(Epilogue(gathers: true), to: x.tensor)!))
  }

  /// A tensor of the arena with `x`'s values, for operations that take it over.
  func copy(_ x: OwnedTensor) -> Tensor {
    let tensor = arena.allocate(x.shape)
    copyChannels(x.tensor, into: tensor, at: 0)
    return tensor
  }
}
