extension AdversarialTrainer {
  /// Finds what was not finite in a step that has not been applied: every rank runs its shards again, as they were, and
  /// the finding in the first shard of the global batch is every rank's.
  func diagnose(_ batch: RankBatch, _ step: Int, _ clipD: Double?) throws -> NotFiniteError {
    let finding = try findNotFinite(batch, clipD)
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

  private func findNotFinite(_ batch: RankBatch, _ clipD: Double?) throws -> NotFiniteError.Finding? {
    let first = plan.rank * plan.localShardCount
    func finding(_ shard: Int, _ what: String, _ tensor: String = "") -> NotFiniteError.Finding {
      NotFiniteError.Finding(shard: first + shard, rank: plan.rank, what: what, tensor: tensor)
    }
    for player in players {
      if let name = player.firstNotFinite(player.store.values.pointer) {
        return finding(0, "the parameter", "\(player.name).\(name)")
      }
    }
    let diagnosis = Diagnosis(generator: generator, discriminator: discriminator, discriminatorClip: clipD)
    let usual = inspector
    inspector = diagnosis.inspector
    defer { inspector = usual }
    _ = try runShards(batch, into: diagnosis)
    for shard in 0..<plan.localShardCount {
      if !batch.images(shard).isFinite { return finding(shard, "the images") }
      if !batch.heatmaps(shard).isFinite { return finding(shard, "the heatmaps") }
      // In the order in which they come about: one that is not finite makes those after it so.
      for part in StepInspector.Part.allCases {
        if let output = diagnosis.inspector.output(of: part, inShard: shard)?.words {
          return finding(shard, output.what, output.tensor)
        }
        if let term = LossTerm.allCases.first(where: { $0.part == part && !sums(shard)[$0].isFinite }) {
          return finding(shard, term.key)
        }
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
