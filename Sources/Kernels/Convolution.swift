import Tensors

/// Kernel side, stride and zero padding of a convolution; square and the same both ways.
public struct ConvolutionGeometry: Hashable, Sendable {
  public let kernel: Int
  public let stride: Int
  public let padding: Int

  public init(kernel: Int, stride: Int, padding: Int) {
    self.kernel = kernel
    self.stride = stride
    self.padding = padding
  }

  /// N×H×W×inC to N×H'×W'×outC.
  public func output(_ input: Shape, channels: Int) -> Shape {
    Shape(
      n: input.n, h: (input.h + 2 * padding - kernel) / stride + 1, w: (input.w + 2 * padding - kernel) / stride + 1,
      c: channels)
  }

  var isPointwise: Bool { kernel == 1 && stride == 1 && padding == 0 }
  var isWinograd: Bool { kernel == 3 && stride == 1 && padding == 1 }
}

/// A convolution, or one or both of its gradients, as profiles name and count it. Described only where that is wanted:
/// a name is a string of its own.
struct ConvolutionOperation {
  let geometry: ConvolutionGeometry
  let name: StaticString
  let input: Shape
  let outC: Int
  /// Of the two gradients' products.
  var products = 1
  /// Numbers that are read or written.
  let numbers: Int

  var described: KernelOperation {
    let (kernel, stride) = (geometry.kernel, geometry.stride)
    let taps = geometry.isWinograd ? 36.0 / 16 : Double(kernel * kernel)
    return KernelOperation(
      "\(kernel)×\(kernel)\(stride > 1 ? "/\(stride)" : "") \(name)", input, channels: outC,
      multiplications: Double(products) * taps
        * Double(geometry.output(input, channels: outC).rows * input.c * outC),
      numbers: numbers)
  }
}

extension KernelContext {
  /// out = weights * input + bias, then the rest of the epilogue.
  ///
  /// `weights` is k×k×inC×outC. Returns the sums the epilogue gathers, to be merged by `moments`.
  public func convolve(
    _ input: Operand, _ geometry: ConvolutionGeometry, weights: UnsafePointer<Real>, into out: Tensor,
    _ epilogue: Epilogue
  ) -> Partials? {
    let operation = ConvolutionOperation(
      geometry: geometry, name: "forward", input: input.shape, outC: out.shape.c,
      numbers: input.numbers + out.count + epilogue.numbers(out.shape))
    if geometry.isPointwise { return pointwiseForward(input, weights: weights, into: out, epilogue, operation) }
    if geometry.isWinograd && convolution == .winograd {
      return winogradF4x3Forward(input, weights: weights, into: out, epilogue, operation)
    }
    return directForward(input, geometry, weights: weights, into: out, epilogue, operation)
  }

  /// The gradients of `convolve`: with respect to its input into `dx` through `epilogue`, and to its parameters. Either is
  /// left out where nil.
  public func convolveBackward(
    _ input: Operand, _ gradient: Operand, _ geometry: ConvolutionGeometry, weights: UnsafePointer<Real>,
    into dx: Tensor?, _ epilogue: Epilogue, _ parameters: ConvolutionGradient?
  ) -> Partials? {
    func operation(_ name: StaticString, products: Int = 1, numbers: Int) -> ConvolutionOperation {
      ConvolutionOperation(
        geometry: geometry, name: name, input: input.shape, outC: gradient.shape.c, products: products,
        numbers: gradient.numbers + numbers)
    }
    let written = dx.map { $0.count + epilogue.numbers($0.shape) } ?? 0
    if geometry.isPointwise {
      let products = (dx == nil ? 0 : 1) + (parameters == nil ? 0 : 1)
      let numbers = written + (parameters == nil ? 0 : input.numbers)
      return pointwiseBackward(
        input, gradient, weights: weights, into: dx, epilogue, parameters,
        operation("gradients", products: products, numbers: numbers))
    }
    let winograd = geometry.isWinograd && convolution == .winograd
    if let parameters {
      let operation = operation("gradient of weights", numbers: input.numbers)
      if winograd {
        winogradF4x3BackwardWeights(input, gradient, parameters, operation)
      } else {
        directBackwardWeights(input, gradient, geometry, parameters, operation)
      }
    }
    guard let dx else { return nil }
    let operation = operation("gradient of input", numbers: written)
    return winograd
      ? winogradF4x3BackwardData(gradient, weights: weights, into: dx, epilogue, operation)
      : directBackwardData(gradient, geometry, weights: weights, into: dx, epilogue, operation)
  }
}
