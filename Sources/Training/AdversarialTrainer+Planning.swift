import Communication
import DataParallel
import Kernels
import Tensors

extension AdversarialTrainer {
  /// Plans the memory of a step, and from the order in which backward finishes gradients lays both networks out.
  func planStep(_ heatmaps: Shape) throws(CommunicationError) {
    let resolution = settings.inputResolution
    let group = shardGroups[0]
    let count = group.count * heatmaps.n
    let batch = RankBatch(
      images: .shapeOnly(Shape(n: count, h: resolution, w: resolution, c: 3)),
      heatmaps: .shapeOnly(Shape(n: count, h: heatmaps.h, w: heatmaps.w, c: heatmaps.c)),
      mask: .shapeOnly(Shape(n: count, h: 1, w: 1, c: heatmaps.c)), samplesPerShard: heatmaps.n)
    context.arena.plan {
      for number in group {
        let shard = shard(number, of: batch)
        passes.predict(shard, number)
        passes.discriminateReal(shard)
        passes.discriminateFake(shard, number, kt: balance.kt)
        if !refreshesDiscriminator { passes.learn(shard, number) }
      }
      guard refreshesDiscriminator else { return }
      for number in group {
        let shard = shard(number, of: batch)
        passes.criticizeAgain(shard, number)
        passes.learn(shard, number)
      }
    }
    let makeReducer = { [plan, thread, settings] (name: ShortName, count: Int) throws(CommunicationError) in
      try GradientReducer(
        name, count: count, plan: plan, thread: thread,
        bucketSize: settings.bucketSize, algorithm: settings.algorithm)
    }
    // Every pass finishes each parameter once; the first that a network's pass saw gives the order.
    try generator.prepare(
      order: Array(passes.generatorPasses[0].readyOrder.prefix(generator.store.parameters.count)), seed: settings.seed,
      makeReducer)
    guard let discriminator, let fakePass = passes.fakePass else { return }
    try discriminator.prepare(
      order: Array(fakePass.readyOrder.prefix(discriminator.store.parameters.count)), seed: settings.seed, makeReducer)
    if refreshesDiscriminator { undo = UpdateUndo(discriminator) }
  }

  /// Has the time of every operation written down from now on, or no longer.
  package func record(into profile: KernelProfile?) {
    context.profile = profile
    vectors.profile = profile
  }

  /// What a benchmark says of the trainer beside its times.
  package struct Figures: Sendable {
    /// Of a step on this rank, 3×3 convolutions counted as Winograd F(4×4, 3×3) needs them.
    package let multiplications: Double
    /// The largest bucket of each network's gradient.
    package let bucketBytes: [Int]
    package let generatorParameters: Int
    package let discriminatorParameters: Int
  }

  package var figures: Figures {
    Figures(
      multiplications: context.plannedMultiplications * Double(shardGroups.count),
      bucketBytes: players.map { $0.gradients.buckets.largest * MemoryLayout<Real>.size },
      generatorParameters: generator.store.parameterCount,
      discriminatorParameters: discriminator?.store.parameterCount ?? 0)
  }
}
