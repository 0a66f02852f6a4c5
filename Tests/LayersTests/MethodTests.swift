import Kernels
import Objectives
import Optimizers
import Tensors
import TestSupport
import Testing

/// Losses, k_t and learning rates beyond what PyTorch was asked for.
@Suite struct MethodTests {
  /// The losses and gradients of shards only add, whatever is masked in them.
  @Test(arguments: LossReduction.allCases)
  func lossesOfShardsAdd(_ reduction: LossReduction) {
    var random = CounterRandom(seed: 1, purpose: "losses")
    let shape = Shape(n: 4, h: 5, w: 3, c: 6)
    let (a, b) = (OwnedTensor(shape, &random), OwnedTensor(shape, &random))
    let mask = OwnedTensor(Shape(n: 4, h: 1, w: 1, c: 6), (0..<24).map { $0 < 7 || $0 % 5 == 2 ? 0 : 1 })
    let loss = HeatmapLoss(reduction, globalBatch: 4, heatmaps: shape)
    let (whole, parts) = (OwnedTensor(shape), OwnedTensor(shape))
    var (sum, ofWhole) = (0.0, 0.0)
    _ = Workbench().run { context in
      ofWhole = loss(a.tensor, b.tensor, mask: mask.tensor, gradient: whole.tensor, context)
      let shards = [0..<1, 1..<3, 3..<4].map { range in
        loss(
          a.tensor.images(range), b.tensor.images(range), mask: mask.tensor.images(range),
          gradient: parts.tensor.images(range), context)
      }
      sum = shards.reduce(0, +)
      return []
    }
    #expect(abs(sum - ofWhole) <= 1e-14 * ofWhole && ofWhole > 0)
    #expect(whole.values == parts.values)
    let divisor = reduction == .mean ? Double(4 * 6 * 5 * 3) : 4
    let squares = shape.count
    let expected = (0..<squares).reduce(0) { sum, i in
      let difference = a.values[i] - b.values[i]
      return sum + mask.values[i / 90 * 6 + i % 6] * difference * difference
    }
    #expect(abs(ofWhole - expected / divisor) <= GoldenCase.tolerance * ofWhole)
  }

  @Test func gradientsAreWeightedAndAdded() {
    var random = CounterRandom(seed: 2, purpose: "losses")
    let shape = Shape(n: 2, h: 2, w: 3, c: 5)
    let (a, b, gradient) = (OwnedTensor(shape, &random), OwnedTensor(shape, &random), OwnedTensor(shape, &random))
    let before = gradient.values
    let mask = OwnedTensor(Shape(n: 2, h: 1, w: 1, c: 5), filledWith: 1)
    let loss = HeatmapLoss(.sum, globalBatch: 8, heatmaps: shape)
    var (weighted, plain) = (0.0, 0.0)
    _ = Workbench().run { context in
      weighted = loss(
        a.tensor, b.tensor, mask: mask.tensor, gradient: gradient.tensor, weight: -3, accumulate: true, context)
      plain = loss(a.tensor, b.tensor, mask: mask.tensor, context)
      return []
    }
    #expect(weighted == plain)
    let expected = before.indices.map { before[$0] - 3 * 2 / 8.0 * (a.values[$0] - b.values[$0]) }
    #expect(largestError(gradient.values, expected) <= 4 * Double(Real.ulpOfOne))
  }

  @Test func balanceStaysBetweenItsClamps() {
    var controller = BalanceController(kt: 0.5, lambdaK: 0.1, gamma: 0.5, mode: .absolute)
    #expect(controller.balance(lossReal: 4, lossFake: 1) == 1 && controller.convergence(lossReal: 4, lossFake: 1) == 5)
    #expect(controller.convergence(lossReal: 4, lossFake: 3) == 5)
    controller.update(lossReal: 4, lossFake: 1)
    #expect(abs(controller.kt - 0.6) < 1e-15)
    controller.update(lossReal: 1000, lossFake: 0)
    #expect(controller.kt == 1)
    controller.update(lossReal: 0, lossFake: 1000)
    #expect(controller.kt == 0)
    let relative = BalanceController(kt: 0.5, lambdaK: 0.1, gamma: 0.5, mode: .relative)
    #expect(relative.balance(lossReal: 0, lossFake: 7) == 0 && relative.balance(lossReal: 2, lossFake: 3) == -1)
    #expect(relative.balance(lossReal: 2e9, lossFake: 3e9) == -1)
  }

  @Test func learningRates() {
    func rates(_ schedule: LearningRateSchedule, _ steps: some Sequence<Int>) -> [Double] {
      steps.map { schedule.rate(after: $0, of: 10) }
    }
    var warm = LearningRateSchedule(learningRate: 0.8)
    warm.warmupSteps = 4
    #expect(rates(warm, 0..<6) == [0.2, 0.4, 0.6000000000000001, 0.8, 0.8, 0.8])
    var steps = LearningRateSchedule(learningRate: 1)
    (steps.course, steps.milestones, steps.decay) = (.step, [2, 5], 0.5)
    #expect(rates(steps, 0..<7) == [1, 1, 0.5, 0.5, 0.5, 0.25, 0.25])
    var cosine = LearningRateSchedule(learningRate: 2)
    (cosine.course, cosine.warmupSteps, cosine.finalFraction) = (.cosine, 2, 0.1)
    let ends = rates(cosine, [0, 2, 6, 10, 50])
    #expect(ends[0] == 1 && ends[1] == 2 && abs(ends[2] - 1.1) < 1e-15)
    #expect(abs(ends[3] - 0.2) < 1e-15 && ends[4] == ends[3])
    let down = rates(cosine, 2...10)
    #expect(down == down.sorted(by: >))
  }

  @Test func clipping() {
    #expect(clipFactor(norm: 1000, limit: 0) == 1)
    #expect(clipFactor(norm: 0, limit: 1) == 1 && clipFactor(norm: 0.5, limit: 1) == 1)
    #expect(abs(clipFactor(norm: 4, limit: 1) - 0.25) < 1e-6)
  }

  /// Clipping inside an update is clipping before it.
  @Test func updatesTakeTheClippedGradient() {
    let vectors = VectorOperations(pool: ThreadPool(threads: 1), level: .best)
    var random = CounterRandom(seed: 3, purpose: "clip")
    let (start, gradient) = (OwnedTensor(.channels(21), &random), OwnedTensor(.channels(21), &random))
    let half = OwnedTensor(.channels(21), gradient.values.map { 0.5 * $0 })
    for make in [{ RMSprop(count: 21) as any Optimizer }, { Adam(count: 21) as any Optimizer }] {
      let (a, b) = (OwnedTensor(.channels(21), start.values), OwnedTensor(.channels(21), start.values))
      make().update(parameters: a.pointer, gradient: gradient.pointer, clip: 0.5, learningRate: 0.1, vectors)
      make().update(parameters: b.pointer, gradient: half.pointer, clip: 1, learningRate: 0.1, vectors)
      #expect(a.values == b.values && a.values != start.values)
    }
  }
}
