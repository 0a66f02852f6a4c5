import Kernels
import Tensors
import TestSupport
import Testing

/// What a batch normalisation computes for itself: moments, coefficients, and the coefficients of its gradient.
@Suite struct BatchNormalizationTests {
  static let shapes = [
    Shape(n: 2, h: 1, w: 1, c: 1), Shape(n: 3, h: 5, w: 7, c: 3), Shape(n: 2, h: 4, w: 4, c: 16),
    Shape(n: 1, h: 30, w: 31, c: 19), Shape(n: 2, h: 6, w: 3, c: 33),
  ]
  static let bound = MemoryLayout<Real>.size == 8 ? 1e-13 : 4e-6

  /// Values written out from each kind of operand, with their moments.
  @Test(arguments: shapes, KernelLevel.names)
  func materialize(_ shape: Shape, _ name: String) {
    guard let level = KernelLevel(named: name) else { return }
    var random = CounterRandom(seed: 1, purpose: "materialize")
    for kind in TestOperand.Kind.allCases {
      let operand = TestOperand(kind, shape, &random)
      let out = OwnedTensor(shape, filledWith: .nan)
      let total = OwnedTensor(shape, &random)
      let expectedTotal = zip(total.values, operand.values).map { $0 + $1 }
      let moments = Workbench(level: level).run { context in
        context.add(operand.operand, to: total.tensor)
        return [context.moments(context.materialize(operand.operand, into: out.tensor, gathers: true)!).tensor]
      }
      #expect(largestError(out.values, operand.values) <= Self.bound)
      #expect(largestError(total.values, expectedTotal) <= Self.bound)
      #expect(TestEpilogue([.sums], shape, &random).gatheredError(moments, out.values) <= ConvolutionTests.sumBound)
      #expect(out.marginsAreIntact && total.marginsAreIntact)
    }
  }

  /// A mean a thousand times the deviation costs the variance no more digits than its values have lost.
  @Test(arguments: KernelLevel.names)
  func momentsFarFromZero(_ name: String) {
    guard let level = KernelLevel(named: name) else { return }
    var random = CounterRandom(seed: 1, purpose: "far")
    let shape = Shape(n: 4, h: 40, w: 40, c: 5)
    let x = OwnedTensor(shape, (0..<shape.count).map { _ in 1000 + random.normal() })
    let moments = Workbench(level: level).run { context in
      [context.moments(context.apply(Epilogue(gathers: true), to: x.tensor)!).tensor]
    }
    #expect(TestEpilogue([.sums], shape, &random).gatheredError(moments, x.values) <= Self.bound)
  }

  /// The whole gradient, through `Epilogue` with a gate, `normalizeBackward` and `Operand.gradient`, against its formula.
  @Test(arguments: shapes, KernelLevel.names)
  func backward(_ shape: Shape, _ name: String) {
    guard let level = KernelLevel(named: name) else { return }
    var random = CounterRandom(seed: 1, purpose: "normalisation")
    let channels = shape.c
    let x = OwnedTensor(shape, &random)
    let (weight, bias) = (OwnedTensor(.channels(channels), &random), OwnedTensor(.channels(channels), &random))
    let dy = OwnedTensor(shape, &random)
    let dx = OwnedTensor(shape, filledWith: .nan)
    let parameters = OwnedTensor(Shape(n: 1, h: 1, w: 2, c: channels), filledWith: 3)
    let gated = OwnedTensor(shape, dy.values)
    let results = Workbench(level: level).run { context in
      let moments = context.moments(context.apply(Epilogue(gathers: true), to: x.tensor)!)
      let view = context.normalize(
        x.tensor, mean: moments.mean, variance: moments.variance, weight: weight.pointer, bias: bias.pointer,
        epsilon: 1e-5)
      let sums = context.apply(Epilogue(gate: view, gathers: true), to: gated.tensor)!
      let operand = context.normalizeBackward(
        gated.tensor, sums, of: view, weight: weight.pointer,
        weightGradient: ParameterGradient(values: parameters.pointer, scale: -2, keep: true),
        biasGradient: ParameterGradient(values: parameters.pointer + channels, scale: -2, keep: true))
      _ = context.materialize(operand, into: dx.tensor, gathers: false)
      return [view.coefficients]
    }
    let expected = NaiveNormalization(x.values, channels, weight: weight.values, bias: bias.values, epsilon: 1e-5)
    #expect(largestError(results[0], expected.coefficients) <= Self.bound)
    let (dInput, dWeight, dBias) = expected.backward(dy.values)
    // Where a channel has two values all parts of its gradient cancel: so errors count as parts of what goes in.
    let error = zip(dx.values, dInput).map { abs($0 - $1) }.max()! / expected.largestScale
    #expect(error <= Self.bound)
    let parameterError = zip(parameters.values, dWeight + dBias).map { abs($0 - (3 - 2 * $1)) }.max()!
    #expect(parameterError / Double(shape.rows) <= Self.bound)
  }

  /// What is not a number stays so through a view, so that a step that has gone wrong cannot look right.
  @Test(arguments: KernelLevel.names)
  func viewsKeepWhatIsNotANumber(_ name: String) {
    guard let level = KernelLevel(named: name) else { return }
    let shape = Shape(n: 1, h: 1, w: 2, c: 19)
    var values = [Double](repeating: -1, count: shape.count)
    for i in [0, 18, 35] { values[i] = .nan }
    let x = OwnedTensor(shape, values)
    let table = OwnedTensor(Shape(n: 1, h: 1, w: 4, c: 19), filledWith: 1)
    let out = OwnedTensor(shape)
    _ = Workbench(level: level).run { context in
      _ = context.materialize(
        .normalized(Normalized(tensor: x.tensor, coefficients: table.tensor)), into: out.tensor, gathers: false)
      return []
    }
    #expect(out.values.map(\.isNaN) == values.map(\.isNaN))
  }
}

/// Batch normalisation and ReLU with batch statistics, as the formulas are written.
struct NaiveNormalization {
  let x: [Double]
  let channels: Int
  let weight: [Double]
  let bias: [Double]
  let mean: [Double]
  let inverse: [Double]

  init(_ x: [Double], _ channels: Int, weight: [Double], bias: [Double], epsilon: Double) {
    (self.x, self.channels, self.weight, self.bias) = (x, channels, weight, bias)
    let count = Double(x.count / channels)
    let mean = columnSums(x, channels: channels).map { $0 / count }
    let squares = x.indices.map { (x[$0] - mean[$0 % channels]) * (x[$0] - mean[$0 % channels]) }
    self.mean = mean
    inverse = columnSums(squares, channels: channels).map { 1 / ($0 / count + epsilon).squareRoot() }
  }

  /// Scale, shift, mean, inverse deviation.
  var coefficients: [Double] {
    let scale = zip(weight, inverse).map { $0 * $1 }
    return scale + bias.indices.map { bias[$0] - mean[$0] * scale[$0] } + mean + inverse
  }

  var largestScale: Double { zip(weight, inverse).reduce(0) { max($0, abs($1.0 * $1.1)) } }

  /// dx = γ/√(σ²+ε) · (g − mean(g) − x̂ · mean(g x̂)), dγ = Σ g x̂, dβ = Σ g, g being dy where the result is positive.
  func backward(_ dy: [Double]) -> ([Double], [Double], [Double]) {
    let normalized = x.indices.map { (x[$0] - mean[$0 % channels]) * inverse[$0 % channels] }
    let g = x.indices.map { weight[$0 % channels] * normalized[$0] + bias[$0 % channels] > 0 ? dy[$0] : 0 }
    let dBias = columnSums(g, channels: channels)
    let dWeight = columnSums(zip(g, normalized).map { $0 * $1 }, channels: channels)
    let count = Double(x.count / channels)
    let dx = x.indices.map { i in
      let c = i % channels
      return weight[c] * inverse[c] * (g[i] - dBias[c] / count - normalized[i] * dWeight[c] / count)
    }
    return (dx, dWeight, dBias)
  }
}
