import Kernels
import Tensors

/// Convolution with bias: weights k×k×inC×outC.
public struct Conv2d {
  public let weight: ParameterStore.Parameter
  public let bias: ParameterStore.Parameter
  public let inChannels: Int
  public let outChannels: Int
  private let geometry: ConvolutionGeometry

  public init(
    _ store: ParameterStore, _ name: String, in inChannels: Int, out outChannels: Int, kernel: Int = 1,
    stride: Int = 1, padding: Int = 0
  ) {
    let fanIn = kernel * kernel * inChannels
    weight = store.declare(
      "\(name).weight", shape: [kernel, kernel, inChannels, outChannels], .uniform(fanIn: fanIn))
    bias = store.declare("\(name).bias", shape: [outChannels], .uniform(fanIn: fanIn))
    self.inChannels = inChannels
    self.outChannels = outChannels
    geometry = ConvolutionGeometry(kernel: kernel, stride: stride, padding: padding)
  }

  /// weight * operand + bias (+ addend), N×H×W×inC to N×H'×W'×outC.
  ///
  /// - Parameter gathersMoments: whether a batch normalisation will read the result.
  public func forward(
    _ operand: Operand, _ pass: Pass, adding addend: Tensor? = nil, gathersMoments: Bool = true
  ) -> Activation {
    precondition(operand.shape.c == inChannels)
    let out = pass.allocate(geometry.output(operand.shape, channels: outChannels))
    let partials = pass.context.convolve(
      operand, geometry, weights: pass.store.pointer(weight), into: out,
      Epilogue(bias: pass.store.pointer(bias), addend: addend, gathers: gathersMoments && pass.isTraining))
    pass.show(out, .output, of: pass.store.layer(of: weight))
    return Activation(tensor: out, moments: partials.map(pass.context.moments))
  }

  /// The gradient of a plain input; nil where `wantsInput` is false. `addend` is added to it.
  public func backward(
    _ operand: Operand, _ gradient: Operand, _ pass: Pass, adding addend: Tensor? = nil, wantsInput: Bool = true
  ) -> Tensor? {
    let dx = wantsInput ? pass.allocate(operand.shape) : nil
    _ = backward(operand, gradient, pass, into: dx, Epilogue(addend: addend))
    return dx
  }

  /// The gradient of an input seen through `view`, zero where ReLU was, with the sums its normalisation needs.
  public func backward(
    _ view: Normalized, _ gradient: Operand, _ pass: Pass, adding addend: Tensor? = nil
  ) -> (gradient: Tensor, sums: Partials) {
    let dx = pass.allocate(view.tensor.shape)
    let partials = backward(
      .normalized(view), gradient, pass, into: dx, Epilogue(addend: addend, gate: view, gathers: true))
    return (dx, partials!)
  }

  private func backward(_ operand: Operand, _ gradient: Operand, _ pass: Pass, into dx: Tensor?, _ epilogue: Epilogue)
    -> Partials?
  {
    var parameters: ConvolutionGradient?
    if let weights = pass.gradient(of: weight), let bias = pass.gradient(of: bias) {
      parameters = ConvolutionGradient(weights: weights, bias: bias)
    }
    let partials = pass.context.convolveBackward(
      operand, gradient, geometry, weights: pass.store.pointer(weight), into: dx, epilogue, parameters)
    pass.finished(weight)
    pass.finished(bias)
    if let dx { pass.show(dx, .inputGradient, of: pass.store.layer(of: weight)) }
    return partials
  }
}
