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
  /// out = weights * source + bias, then the rest of the sink.
  ///
  /// `weights` is k×k×inC×outC. Returns the sums the sink gathers, to be merged by `moments`.
  public func convolve(
    _ source: Source, _ geometry: ConvolutionGeometry, weights: UnsafePointer<Real>, into out: Tensor, _ sink: Sink
  ) -> Partials? {
    let operation = ConvolutionOperation(
      geometry: geometry, name: "forward", input: source.shape, outC: out.shape.c,
      numbers: source.numbers + out.count + sink.numbers(out.shape))
    if geometry.isPointwise { return pointwiseForward(source, weights: weights, into: out, sink, operation) }
    if geometry.isWinograd && convolution == .winograd {
      return winogradForward(source, weights: weights, into: out, sink, operation)
    }
    return directForward(source, geometry, weights: weights, into: out, sink, operation)
  }

  /// The gradients of `convolve`: with respect to its input into `dx` through `sink`, and to its parameters. Either is
  /// left out where nil.
  public func convolveBackward(
    _ source: Source, _ gradient: Source, _ geometry: ConvolutionGeometry, weights: UnsafePointer<Real>,
    into dx: Tensor?, _ sink: Sink, _ parameters: ConvolutionGradient?
  ) -> Partials? {
    func operation(_ name: StaticString, products: Int = 1, numbers: Int) -> ConvolutionOperation {
      ConvolutionOperation(
        geometry: geometry, name: name, input: source.shape, outC: gradient.shape.c, products: products,
        numbers: gradient.numbers + numbers)
    }
    let written = dx.map { $0.count + sink.numbers($0.shape) } ?? 0
    if geometry.isPointwise {
      let products = (dx == nil ? 0 : 1) + (parameters == nil ? 0 : 1)
      let numbers = written + (parameters == nil ? 0 : source.numbers)
      return pointwiseBackward(
        source, gradient, weights: weights, into: dx, sink, parameters,
        operation("gradients", products: products, numbers: numbers))
    }
    let winograd = geometry.isWinograd && convolution == .winograd
    if let parameters {
      let operation = operation("gradient of weights", numbers: source.numbers)
      if winograd {
        winogradBackwardWeights(source, gradient, parameters, operation)
      } else {
        directBackwardWeights(source, gradient, geometry, parameters, operation)
      }
    }
    guard let dx else { return nil }
    let operation = operation("gradient of input", numbers: written)
    return winograd
      ? winogradBackwardData(gradient, weights: weights, into: dx, sink, operation)
      : directBackwardData(gradient, geometry, weights: weights, into: dx, sink, operation)
  }
}
