import Kernels
import Tensors
import TestSupport
import Testing

/// Every form of convolution on every kernel level against its definition in Double.
@Suite struct ConvolutionTests {
  /// Of what epilogues gather, against the same sums of the result as it was written; reached: 2.4e-6 and 1e-14.
  static let sumBound = MemoryLayout<Real>.size == 8 ? 5e-14 : 8e-6

  @Test(arguments: ConvolutionCase.all)
  func forward(_ test: ConvolutionCase) {
    var random = test.random("forward")
    let naive = test.naive
    let weights = OwnedTensor(Shape(n: 1, h: 1, w: 1, c: naive.weightCount), &random)
    for kind in TestOperand.Kind.allCases {
      let operand = TestOperand(kind, test.input, &random)
      let raw = naive.forward(operand.values, weights.values)
      var epilogues: [Set<TestEpilogue.Part>] = [[], [.bias], [.bias, .sums]]
      if test.form.takesAddend { epilogues += [[.addend], [.bias, .addend, .sums]] }
      for parts in epilogues {
        let epilogue = TestEpilogue(parts, naive.output, &random)
        let expected = epilogue.written(raw)
        for level in Workbench.levels {
          let out = OwnedTensor(naive.output, filledWith: .nan)
          let gathered = Workbench(level: level, convolution: test.form.algorithm).run { context in
            let partials = context.convolve(
              operand.operand, test.form.geometry, weights: weights.pointer, into: out.tensor, epilogue.epilogue)
            return epilogue.merge(partials, of: out.tensor, context)
          }
          let error = largestError(out.values, expected)
          #expect(error <= test.form.bound, "\(kind) \(epilogue) \(level.name)")
          let sumError = epilogue.gatheredError(gathered, out.values)
          #expect(sumError <= Self.sumBound, "\(kind) \(epilogue) \(level.name)")
          #expect(
            out.marginsAreIntact && epilogue.marginsAreIntact && operand.marginsAreIntact && weights.marginsAreIntact)
        }
      }
    }
  }

  @Test(arguments: ConvolutionCase.all.filter(\.form.hasInputGradient))
  func backwardData(_ test: ConvolutionCase) {
    var random = test.random("backward data")
    let naive = test.naive
    let weights = OwnedTensor(Shape(n: 1, h: 1, w: 1, c: naive.weightCount), &random)
    let x = TestOperand(.plain, test.input, &random)
    for kind in TestOperand.Kind.allCases {
      let gradient = TestOperand(kind, naive.output, &random)
      let raw = naive.backwardData(gradient.values, weights.values)
      var epilogues: [Set<TestEpilogue.Part>] = [[], [.gate, .sums]]
      if test.form.takesAddend { epilogues += [[.addend], [.addend, .gate, .sums]] }
      for parts in epilogues {
        let epilogue = TestEpilogue(parts, test.input, &random)
        let expected = epilogue.written(raw)
        for level in Workbench.levels {
          let dx = OwnedTensor(test.input, filledWith: .nan)
          let gathered = Workbench(level: level, convolution: test.form.algorithm).run { context in
            let partials = context.convolveBackward(
              x.operand, gradient.operand, test.form.geometry, weights: weights.pointer, into: dx.tensor,
              epilogue.epilogue, nil)
            return epilogue.merge(partials, of: dx.tensor, context)
          }
          let error = largestError(dx.values, expected)
          #expect(error <= test.form.bound, "\(kind) \(epilogue) \(level.name)")
          let sumError = epilogue.gatheredError(gathered, dx.values)
          #expect(sumError <= Self.sumBound, "\(kind) \(epilogue) \(level.name)")
          #expect(dx.marginsAreIntact && epilogue.marginsAreIntact && gradient.marginsAreIntact)
        }
      }
    }
  }

  /// The bias's gradient is left zero where the gradient is that of a batch normalisation, whose sum is zero.
  @Test(arguments: ConvolutionCase.all)
  func backwardParameters(_ test: ConvolutionCase) {
    var random = test.random("backward weights")
    let naive = test.naive
    let weights = OwnedTensor(Shape(n: 1, h: 1, w: 1, c: naive.weightCount), &random)
    for (kind, gradientKind) in [
      (TestOperand.Kind.plain, TestOperand.Kind.plain), (.normalized, .gradient), (.gradient, .plain),
      (.plain, .gradient),
    ] {
      let operand = TestOperand(kind, test.input, &random)
      let gradient = TestOperand(gradientKind, naive.output, &random)
      let dWeights = naive.backwardWeights(operand.values, gradient.values)
      let dBias = naive.backwardBias(gradient.values).map { gradientKind == .gradient ? 0 : $0 }
      let magnitude = columnSums(gradient.values.map { abs($0) }, channels: test.outChannels).max()!
      for (scale, keeps) in [(1.0, false), (-0.25, true)] {
        let before = keeps ? OwnedTensor(weights.shape, &random).values : weights.values.map { _ in .nan }
        let biasBefore = (0..<test.outChannels).map { _ in keeps ? Double(Real(random.normal())) : .nan }
        let expected = zip(before, dWeights).map { (keeps ? $0 : 0) + scale * $1 }
        let expectedBias = zip(biasBefore, dBias).map { (keeps ? $0 : 0) + scale * $1 }
        for level in Workbench.levels {
          let target = OwnedTensor(weights.shape, before)
          let biasTarget = OwnedTensor(.channels(test.outChannels), biasBefore)
          _ = Workbench(level: level, convolution: test.form.algorithm).run { context in
            _ = context.convolveBackward(
              operand.operand, gradient.operand, test.form.geometry, weights: weights.pointer, into: nil, Epilogue(),
              ConvolutionGradient(target, biasTarget, scale: Real(scale), keep: keeps))
            return []
          }
          let error = largestError(target.values, expected)
          #expect(error <= test.form.bound, "\(kind) \(gradientKind) \(level.name)")
          let biasError = zip(biasTarget.values, expectedBias).map { abs($0 - $1) }.max()! / magnitude
          #expect(biasError <= Self.sumBound, "\(kind) \(gradientKind) \(level.name)")
          #expect(target.marginsAreIntact && biasTarget.marginsAreIntact)
        }
      }
    }
  }

  /// Of weight zero (D's on the fake while k_t is 0) a gradient leaves what it is added to, to the bit, and else is zero.
  @Test(arguments: ConvolutionCase.large)
  func aGradientOfNoWeight(_ test: ConvolutionCase) {
    var random = test.random("no weight")
    let naive = test.naive
    let weights = OwnedTensor(Shape(n: 1, h: 1, w: 1, c: naive.weightCount), &random)
    let (operand, gradient) = (TestOperand(.plain, test.input, &random), TestOperand(.plain, naive.output, &random))
    for keeps in [true, false] {
      let (target, bias) = (OwnedTensor(weights.shape, &random), OwnedTensor(.channels(test.outChannels), &random))
      let before = [target.values, bias.values]
      _ = Workbench(convolution: test.form.algorithm).run { context in
        _ = context.convolveBackward(
          operand.operand, gradient.operand, test.form.geometry, weights: weights.pointer, into: nil, Epilogue(),
          ConvolutionGradient(target, bias, scale: 0, keep: keeps))
        return []
      }
      let after = [target.values, bias.values]
      #expect(keeps ? sameBits(after, before) : after.allSatisfy { $0.allSatisfy { $0 == 0 } })
    }
  }

  /// A pass that wants only one of the two gradients gets the bits of one that wants both.
  @Test(arguments: ConvolutionCase.large.filter(\.form.hasInputGradient))
  func eitherGradientAlone(_ test: ConvolutionCase) {
    var random = test.random("alone")
    let naive = test.naive
    let weights = OwnedTensor(Shape(n: 1, h: 1, w: 1, c: naive.weightCount), &random)
    let operand = TestOperand(.plain, test.input, &random)
    let gradient = TestOperand(.plain, naive.output, &random)
    let run = { (wantsInput: Bool, wantsParameters: Bool) -> [[Double]] in
      let dx = OwnedTensor(test.input)
      let (dWeights, dBias) = (OwnedTensor(weights.shape), OwnedTensor(.channels(test.outChannels)))
      let parameters = ConvolutionGradient(dWeights, dBias)
      _ = Workbench(convolution: test.form.algorithm).run { context in
        _ = context.convolveBackward(
          operand.operand, gradient.operand, test.form.geometry, weights: weights.pointer,
          into: wantsInput ? dx.tensor : nil, Epilogue(), wantsParameters ? parameters : nil)
        return []
      }
      return [dx.values, dWeights.values, dBias.values]
    }
    let both = run(true, true)
    #expect(sameBits([run(true, false)[0]], [both[0]]))
    #expect(sameBits(Array(run(false, true)[1...]), Array(both[1...])))
  }
}
