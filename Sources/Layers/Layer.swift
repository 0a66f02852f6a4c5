import Tensors

/// A part of a network with a forward pass and the backward pass written by hand beside it.
///
/// A layer holds parameters and no activations: what backward needs, forward keeps in the pass, and backward recalls
/// in reverse order. So one network can run on several batches within a step.
///
/// A layer declares as many parameters as it has in its initializer (`ParameterStore.declare`). Its backward writes the
/// gradient of each where `Pass.gradient(of:)` says, and then calls `Pass.finished` for it.
public protocol Layer {
  /// Computes the layer's output from `input`, which stays its owner's; the result is the caller's to release.
  func forward(_ input: Activation, _ pass: Pass) -> Activation

  /// Computes parameter gradients and the gradient of the input from the gradient of the output.
  ///
  /// Takes `gradient` over, and may write into it; the result is the caller's to release.
  func backward(_ gradient: Tensor, _ pass: Pass) -> Tensor
}

/// Layers one after the other.
public struct Chain: Layer {
  private let layers: [any Layer]

  public init(_ layers: [any Layer]) {
    precondition(!layers.isEmpty)
    self.layers = layers
  }

  public func forward(_ input: Activation, _ pass: Pass) -> Activation {
    var x = layers[0].forward(input, pass)
    for layer in layers.dropFirst() {
      let y = layer.forward(x, pass)
      pass.release(x)
      x = y
    }
    return x
  }

  public func backward(_ gradient: Tensor, _ pass: Pass) -> Tensor {
    layers.reversed().reduce(gradient) { $1.backward($0, pass) }
  }
}
