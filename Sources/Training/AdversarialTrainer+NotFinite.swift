import Tensors

/// Where a shard's gradients go while it is run again to find what is not finite: to memory of their own, unsent.
final class Diagnosis {
  private let generator: Buffer<Real>
  private let discriminator: Buffer<Real>
  let inspector = StepInspector(.trap)

  init(generator: Player, discriminator: Player?) {
    self.generator = Buffer(count: generator.store.count)
    self.discriminator = Buffer(count: discriminator?.store.count ?? 0)
  }

  func block(of player: Player) -> UnsafeMutablePointer<Real> {
    player.name == "generator" ? generator.pointer : discriminator.pointer
  }
}

extension AdversarialTrainer {
  /// Finds what was not finite in a step that has not been applied: every rank runs its shards again, as they were, and
  /// the finding in the first shard of the global batch is every rank's.
  func diagnose(_ batch: RankBatch, _ step: Int) throws -> NotFiniteError {
    let finding = try findNotFinite(batch)
    let own = finding.map { Array("\($0.shard)\n\($0.what)\n\($0.tensor)".utf8) } ?? []
    let all = try thread.communicator.allGather(own)
    // Shards are in the order of ranks.
    guard let rank = all.firstIndex(where: { !$0.isEmpty }) else { return NotFiniteError(step: step, finding: nil) }
    let parts = String(decoding: all[rank], as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
    return NotFiniteError(
      step: step,
      finding: NotFiniteError.Finding(
        shard: Int(parts[0]) ?? 0, rank: rank, what: String(parts[1]), tensor: String(parts[2])))
  }

  private func findNotFinite(_ batch: RankBatch) throws -> NotFiniteError.Finding? {
    let first = plan.rank * plan.localShardCount
    func finding(_ shard: Int, _ what: String, _ tensor: String = "") -> NotFiniteError.Finding {
      NotFiniteError.Finding(shard: first + shard, rank: plan.rank, what: what, tensor: tensor)
    }
    for player in players {
      if let name = player.firstNotFinite(player.store.values.pointer) {
        return finding(0, "the parameter", "\(player.name).\(name)")
      }
    }
    let diagnosis = Diagnosis(generator: generator, discriminator: discriminator)
    let usual = inspector
    inspector = diagnosis.inspector
    defer { inspector = usual }
    try runShards(batch, into: diagnosis)
    for shard in 0..<plan.localShardCount {
      if !batch.images(shard).isFinite { return finding(shard, "the images") }
      if !batch.heatmaps(shard).isFinite { return finding(shard, "the heatmaps") }
      // In the order in which they come about: one that is not finite makes those after it so.
      let sums = sums(shard)!
      for (part, losses) in [
        (StepInspector.Part.generator, [("loss_mse", sums.lossMSE)]),
        (.discriminatorOnReal, [("loss_real", sums.lossReal)]),
        (.discriminatorOnFake, [("loss_fake", sums.lossFake), ("loss_adv", sums.lossAdv)]),
      ] {
        if let output = diagnosis.inspector.output(of: part, inShard: shard)?.words {
          return finding(shard, output.what, output.tensor)
        }
        if let loss = losses.first(where: { !$0.1.isFinite }) { return finding(shard, loss.0) }
      }
      if let gradient = diagnosis.inspector.gradient(inShard: shard)?.words {
        return finding(shard, gradient.what, gradient.tensor)
      }
    }
    return nil
  }
}

// MARK: A trap

extension AdversarialTrainer {
  /// From now on looks at every tensor of every step: one that is not finite ends the step though nothing comes of it,
  /// as where a ReLU swallows it. Slow.
  public func trapNotFinite() { inspector = StepInspector(.trap) }
}
