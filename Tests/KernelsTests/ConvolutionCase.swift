import Kernels
import Tensors
import Testing

/// One convolution to be tried: which form of it, on what shapes, with what random numbers.
struct ConvolutionCase: Sendable, CustomTestStringConvertible {
  enum Form: String, Sendable, CaseIterable {
    case pointwise, winograd, direct, strided

    var geometry: ConvolutionGeometry {
      switch self {
      case .pointwise: ConvolutionGeometry(kernel: 1, stride: 1, padding: 0)
      case .winograd, .direct: ConvolutionGeometry(kernel: 3, stride: 1, padding: 1)
      case .strided: ConvolutionGeometry(kernel: 7, stride: 2, padding: 3)
      }
    }

    var algorithm: ConvolutionAlgorithm { self == .winograd ? .winograd : .direct }
    var takesAddend: Bool { self != .winograd }
    var hasInputGradient: Bool { self != .strided }

    /// Largest error as a part of the largest value. Reached here, on any level: 1.3e-6 and with Winograd 6e-6 in
    /// Float, 1e-14 in Double.
    var bound: Double {
      if MemoryLayout<Real>.size == 8 { return 3e-14 }
      return self == .winograd ? 2e-5 : 4e-6
    }
  }

  let form: Form
  let input: Shape
  let outChannels: Int
  let seed: UInt64

  var naive: NaiveConvolution {
    NaiveConvolution(input: input, outChannels: outChannels, geometry: form.geometry)
  }
  var testDescription: String { "\(form) \(input) to \(outChannels)" }

  func random(_ purpose: StaticString) -> CounterRandom { CounterRandom(seed: seed, purpose: purpose) }

  /// Small maps: down to one pixel, and mostly no multiple of a tile or of a vector.
  static let small: [ConvolutionCase] = Form.allCases.flatMap { form in
    (0..<14).map { number in
      var random = CounterRandom(seed: 1, purpose: "shapes", UInt64(form.geometry.kernel), UInt64(number))
      let channels = [1, 2, 3, 5, 8, 16, 17, 19, 32, 33]
      let extents = form == .strided ? 14 : 7
      let input = Shape(
        n: 1 + random.integer(below: 3), h: number == 0 ? 1 : 1 + random.integer(below: extents),
        w: number == 0 ? 1 : 1 + random.integer(below: extents), c: channels[random.integer(below: channels.count)])
      return ConvolutionCase(
        form: form, input: input, outChannels: channels[random.integer(below: channels.count)], seed: UInt64(number))
    }
  }

  /// So large that the work is cut at every place where it can be: blocks of rows and of tiles, groups of blocks,
  /// pieces of weights, chunks of tiles, slices of channels.
  static let large: [ConvolutionCase] = [
    (.pointwise, 2, 70, 70, 3, 5), (.pointwise, 1, 11, 13, 70, 67), (.winograd, 3, 16, 16, 19, 33),
    (.winograd, 2, 46, 47, 3, 5), (.winograd, 1, 36, 33, 61, 67), (.winograd, 1, 5, 6, 48, 49),
    (.direct, 1, 96, 96, 3, 5), (.direct, 2, 9, 10, 33, 33), (.strided, 1, 184, 184, 3, 3),
    (.strided, 2, 31, 26, 3, 64),
  ].map { (form, n, h, w, c, out) in
    ConvolutionCase(form: form, input: Shape(n: n, h: h, w: w, c: c), outChannels: out, seed: UInt64(n * h * w + c))
  }

  static let all = small + large
}
