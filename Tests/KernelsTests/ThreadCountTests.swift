import Kernels
import Tensors
import TestSupport
import Testing

/// The same bits whatever the number of threads, and on every level with FMA, for everything that is cut into pieces.
@Suite struct ThreadCountTests {
  /// Runs `computation` on one, two, three and eight threads and on the other levels with FMA, and compares all that it gives.
  private func expectSameBits(
    _ convolution: ConvolutionAlgorithm = .winograd, _ computation: (Workbench) -> [[Double]],
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let one = computation(Workbench(threads: 1, convolution: convolution))
    #expect(one.allSatisfy { $0.allSatisfy(\.isFinite) }, sourceLocation: sourceLocation)
    for threads in [2, 3, 8] {
      let more = computation(Workbench(threads: threads, convolution: convolution))
      #expect(sameBits(one, more), "\(threads) threads", sourceLocation: sourceLocation)
    }
    for level in Workbench.levels.filter(\.isFused).dropFirst() {
      let other = computation(Workbench(level: level, convolution: convolution))
      #expect(sameBits(one, other), "\(level.name)", sourceLocation: sourceLocation)
    }
  }

  @Test(arguments: ConvolutionCase.large)
  func convolution(_ test: ConvolutionCase) {
    expectSameBits(test.form.algorithm) { bench in
      var random = test.random("threads")
      let naive = test.naive
      let weights = OwnedTensor(Shape(n: 1, h: 1, w: 1, c: naive.weightCount), &random)
      let operand = TestOperand(.normalized, test.input, &random)
      let gradient = TestOperand(.plain, naive.output, &random)
      let (epilogue, gate) = (
        TestEpilogue([.bias, .sums], naive.output, &random), TestEpilogue([.gate, .sums], test.input, &random)
      )
      let (out, dx) = (OwnedTensor(naive.output), OwnedTensor(test.input))
      let (dWeights, dBias) = (OwnedTensor(weights.shape), OwnedTensor(.channels(test.outChannels)))
      let gathered = bench.run { context in
        let moments = context.convolve(
          operand.operand, test.form.geometry, weights: weights.pointer, into: out.tensor, epilogue.epilogue)
        let gathered = epilogue.merge(moments, of: out.tensor, context)
        let sums = context.convolveBackward(
          operand.operand, gradient.operand, test.form.geometry, weights: weights.pointer,
          into: test.form.hasInputGradient ? dx.tensor : nil, gate.epilogue,
          ConvolutionGradient(dWeights, dBias))
        return gathered + gate.merge(sums, of: dx.tensor, context)
      }
      return gathered + [out.values, dx.values, dWeights.values, dBias.values]
    }
  }

  @Test func poolingAndResizing() {
    expectSameBits { bench in
      var random = CounterRandom(seed: 2, purpose: "threads")
      let full = Shape(n: 3, h: 22, w: 14, c: 19)
      let x = OwnedTensor(full, &random)
      let dx = OwnedTensor(full, &random)
      let half = full.with(h: 11, w: 7)
      let (low, dLow) = (OwnedTensor(half, &random), OwnedTensor(half))
      let (pooled, sum, resized) = (OwnedTensor(half), OwnedTensor(full), OwnedTensor(full.with(h: 5, w: 9)))
      let moments = bench.run { context in
        let pooledMoments = context.moments(context.maxPool(x.tensor, into: pooled.tensor, gathers: true)!)
        context.maxPoolBackward(x.tensor, low.tensor, addTo: dx.tensor)
        let sumMoments = context.moments(context.upsampleAdd(x.tensor, low.tensor, into: sum.tensor, gathers: true)!)
        context.upsampleAddBackward(x.tensor, into: dLow.tensor)
        context.resizeBilinear(x.tensor, into: resized.tensor)
        return [pooledMoments.tensor, sumMoments.tensor]
      }
      return moments + [pooled, dx, sum, dLow, resized].map(\.values)
    }
  }

  @Test func lossesAndUpdates() {
    expectSameBits { bench in
      var random = CounterRandom(seed: 3, purpose: "threads")
      let shape = Shape(n: 5, h: 7, w: 9, c: 16)
      let (a, b, gradient) = (OwnedTensor(shape, &random), OwnedTensor(shape, &random), OwnedTensor(shape))
      let mask = OwnedTensor(Shape(n: 5, h: 1, w: 1, c: 16), filledWith: 1)
      var loss = 0.0
      _ = bench.run { context in
        loss = context.squaredError(
          a.tensor, b.tensor, mask: mask.tensor, gradient: gradient.tensor, scale: 0.3, keep: false)
        return []
      }
      let block = Shape.channels(200_003)
      let (p, g, first, second) = (
        OwnedTensor(block, &random), OwnedTensor(block, &random), OwnedTensor(block), OwnedTensor(block)
      )
      let vectors = VectorOperations(pool: ThreadPool(threads: bench.threads), level: bench.level)
      let norm = vectors.norm(g.pointer, count: block.c)
      vectors.rmsprop(
        parameters: p.pointer, squareAverage: second.pointer, gradient: g.pointer, count: block.c, clip: 0.7,
        learningRate: 0.01, alpha: 0.9, epsilon: 1e-8)
      vectors.adam(
        parameters: p.pointer, average: first.pointer, squareAverage: second.pointer, gradient: g.pointer,
        count: block.c, clip: 0.7, learningRate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, firstCorrection: 0.1,
        secondCorrection: 0.001)
      return [[loss, norm], gradient.values, p.values, first.values, second.values]
    }
  }
}
