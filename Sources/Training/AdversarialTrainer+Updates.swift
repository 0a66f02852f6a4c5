/// The sums over all shards of all ranks, and what follows from them: the same on every rank.
struct GlobalSums {
  let losses: Losses
  let isTrapped: Bool
  let requests: StopSignals.Requests
  let statistics: ShardStatistics
  /// The factors that clip the gradients; nil if a gradient or its norm is not finite.
  let clipGenerator: Double?
  /// nil also if training is not adversarial.
  let clipDiscriminator: Double?
}

extension AdversarialTrainer {
  var isAdversarial: Bool { discriminator != nil }

  var refreshesDiscriminator: Bool { isAdversarial && settings.adversarial.refreshDiscriminator }

  /// The bits of k_t, which travel with every exchange of the step.
  private var witness: UInt64 { balance.kt.bitPattern }

  func beginStep() {
    thread.communicator.activity.begin(step: completedSteps + 1)
    generator.gradients.beginStep(witness: witness)
    discriminator?.gradients.beginStep(witness: witness)
    for shard in 0..<plan.localShardCount { sums(shard).clear() }
    timer.begin()
    inspector?.begin()
  }

  func finishStep(_ record: inout StepRecord) {
    completedSteps += 1
    record.phases = timer.phases
    record.communicationSeconds = thread.takeBusySeconds()
  }

  /// Sends this rank's losses, and waits for the sums over all shards of all ranks.
  ///
  /// - Parameter clipD: of D's gradient if that has been waited for already.
  func sumOverShards(_ clipD: Double?) throws -> GlobalSums {
    let requests = StopSignals.take()
    for shard in 0..<plan.localShardCount {
      sums(shard).requests = requests
      sums(shard).isTrapped = inspector?.sees(inShard: shard) ?? false
    }
    shardSums.start(witness: witness)
    let clipDiscriminator = try refreshesDiscriminator ? clipD : discriminator.flatMap { try finishGradient($0) }
    let clipGenerator = try finishGradient(generator)
    return try timer.time(.communication) { () throws in
      let statistics = statistics(in: try shardStatistics.wait())
      let sums = ShardSums(try shardSums.wait().baseAddress!)
      return GlobalSums(
        losses: sums.losses, isTrapped: sums.isTrapped, requests: sums.requests, statistics: statistics,
        clipGenerator: isAdversarial && clipDiscriminator == nil ? nil : clipGenerator,
        clipDiscriminator: clipDiscriminator)
    }
  }

  /// Waits for the gradient of the global batch; the factor that clips it, nil if it is not finite.
  private func finishGradient(_ player: Player) throws -> Double? {
    let finished = try timer.time(.optimizer, .gradientNorm) { () throws in try player.finishGradient(vectors) }
    timer.move(finished.waited, from: .optimizer)
    return finished.clip
  }

  /// D's update before the generator sees it again; taken back if the step turns out not to be finite.
  ///
  /// - Returns: the factor that clips D's gradient; nil if that is not finite, and then D stays as it is.
  func refreshDiscriminator(_ diagnosis: Diagnosis?) throws -> Double? {
    guard let discriminator else { return nil }
    // A step that is looked at again goes as it went.
    let factor: Double?
    if let diagnosis { factor = diagnosis.discriminatorClip } else { factor = try finishGradient(discriminator) }
    guard let clip = factor else { return nil }
    timer.time(.optimizer, .update) {
      undo?.keep()
      discriminator.update(clip: clip, after: completedSteps, vectors)
    }
    return clip
  }

  /// Returns the learning rate.
  func updateGenerator(clip: Double, _ statistics: ShardStatistics) -> Double {
    generator.update(clip: clip, after: completedSteps, vectors)
    generator.store.updateRunningStatistics(from: statistics.generator, shards: plan.shards)
    return generator.learningRate(after: completedSteps)
  }

  /// Returns the learning rate; 0 if training is not adversarial. Running statistics take in real maps first, then fake.
  func updateDiscriminator(clip: Double?, _ statistics: ShardStatistics) -> Double {
    guard let discriminator, let clip else { return 0 }
    if !refreshesDiscriminator { discriminator.update(clip: clip, after: completedSteps, vectors) }
    discriminator.store.updateRunningStatistics(from: statistics.discriminatorOnReal, shards: plan.shards)
    discriminator.store.updateRunningStatistics(from: statistics.discriminatorOnFake, shards: plan.shards)
    return discriminator.learningRate(after: completedSteps)
  }

  /// Leaves everything as it was before the step, and finds out what was not finite.
  ///
  /// - Parameter clipD: not nil if D has been updated already.
  /// - Throws: what was found, unless such steps are skipped.
  func withhold(_ batch: RankBatch, _ clipD: Double?) throws -> NotFiniteError {
    if clipD != nil { undo?.restore() }
    let error = try diagnose(batch, completedSteps + 1, clipD)
    if clipD != nil { undo?.restore() }
    guard settings.onNotFinite == .skip else { throw error }
    return error
  }

  // MARK: Shards

  /// A shard of this rank, `number` in 0..<L.
  ///
  /// - Parameter isSeenAgain: whether its statistics are on their way already.
  func shard(
    _ number: Int, of batch: RankBatch, into diagnosis: Diagnosis? = nil, isSeenAgain: Bool = false
  ) -> Shard {
    let isLast = number == plan.localShardCount - 1
    func gradient(_ player: Player) -> ShardGradient {
      if context.isPlanning { return ShardGradient(destination: .memory(player.store.values.pointer)) }
      if let diagnosis { return ShardGradient(destination: .memory(diagnosis.block(of: player))) }
      return ShardGradient(destination: .reducer(player.gradients, shard: number, isLast: isLast))
    }
    return Shard(
      images: batch.images(number), heatmaps: batch.heatmaps(number), mask: batch.mask(number),
      sums: context.isPlanning ? nil : sums(number),
      statistics: context.isPlanning || isSeenAgain ? nil : statistics(in: shardStatistics.slot(for: number)),
      outgoingStatistics: isLast && !context.isPlanning && diagnosis == nil ? shardStatistics : nil, witness: witness,
      generatorGradient: gradient(generator), discriminatorGradient: discriminator.map(gradient))
  }

  /// The shard's place in the vector of sums.
  func sums(_ shard: Int) -> ShardSums { ShardSums(shardSums.slot(for: shard).baseAddress!) }

  private func statistics(in values: UnsafeMutableBufferPointer<Double>) -> ShardStatistics {
    ShardStatistics(
      values.baseAddress!, generatorCount: generator.store.statisticsCount,
      discriminatorCount: discriminator?.store.statisticsCount ?? 0)
  }
}
