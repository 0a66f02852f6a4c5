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

extension ConvolutionGeometry {
  /// A convolution of `input`, or `products` of its two gradients.
  fileprivate func operation(
    _ name: String, _ input: Shape, outC: Int, products: Int = 1, numbers: Int
  ) -> KernelOperation {
    let taps = isWinograd ? 36.0 / 16 : Double(kernel * kernel)
    return KernelOperation(
      "\(kernel)×\(kernel)\(stride > 1 ? "/\(stride)" : "") \(name)", input, channels: outC,
      multiplications: Double(products) * taps * Double(output(input, channels: outC).rows * input.c * outC),
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
    perform(
      geometry.operation(
        "forward", source.shape, outC: out.shape.c, numbers: source.numbers + out.count + sink.numbers(out.shape))
    ) {
      if geometry.isPointwise { return pointwiseForward(source, weights: weights, into: out, sink) }
      if geometry.isWinograd && convolution == .winograd {
        return winogradForward(source, weights: weights, into: out, sink)
      }
      return directForward(source, geometry, weights: weights, into: out, sink)
    }
  }

  /// The gradients of `convolve`: with respect to its input into `dx` through `sink`, and to its parameters. Either is
  /// left out where nil.
  public func convolveBackward(
    _ source: Source, _ gradient: Source, _ geometry: ConvolutionGeometry, weights: UnsafePointer<Real>,
    into dx: Tensor?, _ sink: Sink, _ parameters: ConvolutionGradient?
  ) -> Partials? {
    func operation(_ name: String, products: Int = 1, numbers: Int) -> KernelOperation {
      geometry.operation(
        name, source.shape, outC: gradient.shape.c, products: products, numbers: gradient.numbers + numbers)
    }
    let written = dx.map { $0.count + sink.numbers($0.shape) } ?? 0
    if geometry.isPointwise {
      let products = (dx == nil ? 0 : 1) + (parameters == nil ? 0 : 1)
      let numbers = written + (parameters == nil ? 0 : source.numbers)
      return perform(operation("gradients", products: products, numbers: numbers)) {
        pointwiseBackward(source, gradient, weights: weights, into: dx, sink, parameters)
      }
    }
    let winograd = geometry.isWinograd && convolution == .winograd
    if let parameters {
      perform(operation("gradient of weights", numbers: source.numbers)) {
        if winograd {
          winogradBackwardWeights(source, gradient, parameters)
        } else {
          directBackwardWeights(source, gradient, geometry, parameters)
        }
      }
    }
    guard let dx else { return nil }
    return perform(operation("gradient of input", numbers: written)) {
      winograd
        ? winogradBackwardData(gradient, weights: weights, into: dx, sink)
        : directBackwardData(gradient, geometry, weights: weights, into: dx, sink)
    }
  }
}
