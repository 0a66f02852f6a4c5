import Kernels
import Tensors
import TestSupport

/// What happens to an operation's result before it is written, as kernels are told and as it is by definition.
struct TestEpilogue {
  enum Part: String, Sendable {
    case bias, addend, gate, sums
  }

  let parts: Set<Part>
  private let shape: Shape
  private let bias: OwnedTensor
  private let addend: OwnedTensor
  private let x: OwnedTensor
  /// Scale, shift, mean, and an inverse deviation of 1.
  private let coefficients: OwnedTensor
  private let ones: OwnedTensor

  /// The view whose gate is applied has values that every precision holds exactly, so that its sign is never in
  /// doubt; some are zero, where nothing passes.
  init(_ parts: Set<Part>, _ shape: Shape, _ random: inout CounterRandom) {
    self.parts = parts
    self.shape = shape
    let channels = shape.c
    bias = OwnedTensor(.channels(channels), &random)
    addend = OwnedTensor(shape, &random)
    x = OwnedTensor(shape, (0..<shape.count).map { _ in Double(random.integer(below: 129) - 64) / 16 })
    let scale = (0..<channels).map { _ in Double(random.integer(below: 33) - 16) / 16 }
    let shift = (0..<channels).map { _ in Double(random.integer(below: 33) - 16) / 16 }
    let mean = (0..<channels).map { _ in random.normal() }
    coefficients = OwnedTensor(
      Shape(n: 1, h: 1, w: 4, c: channels), scale + shift + mean + Array(repeating: 1, count: channels))
    ones = OwnedTensor(.channels(channels), filledWith: 1)
  }

  private var view: Normalized { Normalized(tensor: x.tensor, coefficients: coefficients.tensor) }

  var epilogue: Epilogue {
    Epilogue(
      bias: parts.contains(.bias) ? UnsafePointer(bias.pointer) : nil,
      addend: parts.contains(.addend) ? addend.tensor : nil, gate: parts.contains(.gate) ? view : nil,
      gathers: parts.contains(.sums))
  }

  /// What is written where an operation's result is `raw`.
  func written(_ raw: [Double]) -> [Double] {
    let (bias, addend, x, table) = (bias.values, addend.values, x.values, coefficients.values)
    return raw.indices.map { i in
      let c = i % shape.c
      var value = raw[i]
      if parts.contains(.bias) { value += bias[c] }
      if parts.contains(.addend) { value += addend[i] }
      if parts.contains(.gate) && !(table[c] * x[i] + table[shape.c + c] > 0) { value = 0 }
      return value
    }
  }

  /// What was gathered: mean and variance a channel, or with a gate Σ g·(x − μ) and Σ g. Empty if nothing was.
  func merge(_ partials: Partials?, of out: Tensor, _ context: KernelContext) -> [Tensor] {
    guard let partials else { return [] }
    if !parts.contains(.gate) { return [context.moments(partials).tensor] }
    // A normalisation of weight and inverse deviation 1 has these two sums as its parameters' gradients.
    let sums = context.arena.allocate(Shape(n: 1, h: 1, w: 2, c: shape.c))
    _ = context.normalizeBackward(
      out, partials, of: view, weight: ones.pointer,
      weightGradient: ParameterGradient(values: sums.pointer, scale: 1, keep: false),
      biasGradient: ParameterGradient(values: sums.pointer + shape.c, scale: 1, keep: false))
    return [sums]
  }

  /// The error of what `merge` gave, against the same sums over `written` as it is in memory: of means as a part of
  /// the largest value, of variances of the largest variance, of sums of the largest sum of magnitudes.
  func gatheredError(_ gathered: [[Double]], _ written: [Double]) -> Double {
    guard parts.contains(.sums), gathered.count == 1 else { return gathered.isEmpty ? 0 : .nan }
    let channels = shape.c
    let (first, second) = (Array(gathered[0][..<channels]), Array(gathered[0][channels...]))
    if parts.contains(.gate) {
      let (x, mean) = (x.values, coefficients.values[(2 * channels)...].prefix(channels).map { $0 })
      let products = written.indices.map { written[$0] * (x[$0] - mean[$0 % channels]) }
      return max(sumError(first, of: products), sumError(second, of: written))
    }
    let count = Double(shape.rows)
    let mean = columnSums(written, channels: channels).map { $0 / count }
    let squares = written.indices.map { (written[$0] - mean[$0 % channels]) * (written[$0] - mean[$0 % channels]) }
    let variance = columnSums(squares, channels: channels).map { $0 / count }
    let largest = written.reduce(0) { max($0, abs($1)) }
    let meanError = zip(first, mean).reduce(0) { max($0, abs($1.0 - $1.1)) } / max(largest, 1e-300)
    return max(meanError, largestError(second, variance))
  }

  private func sumError(_ sums: [Double], of values: [Double]) -> Double {
    let expected = columnSums(values, channels: shape.c)
    let magnitude = columnSums(values.map { abs($0) }, channels: shape.c).max()!
    let error = zip(sums, expected).reduce(0) { max($0, abs($1.0 - $1.1)) }
    return magnitude == 0 ? error : error / magnitude
  }

  var marginsAreIntact: Bool { [bias, addend, x, coefficients].allSatisfy(\.marginsAreIntact) }
}

extension TestEpilogue: CustomStringConvertible {
  var description: String { "[" + parts.map(\.rawValue).sorted().joined(separator: " ") + "]" }
}
