import Communication
import DataParallel
import Tensors

/// Where a shard's gradients go while it is run again to find what is not finite: to memory of their own, unsent.
final class Diagnosis {
  private let generator: Buffer<Real>
  private let discriminator: Buffer<Real>
  /// By shard of this rank, the first gradient that is not finite.
  private(set) var gradients: [Int: String] = [:]

  init(generator: Player, discriminator: Player?) {
    self.generator = Buffer(count: generator.store.count)
    self.discriminator = Buffer(count: discriminator?.store.count ?? 0)
  }

  func block(of player: Player) -> UnsafeMutablePointer<Real> {
    player.name == "generator" ? generator.pointer : discriminator.pointer
  }

  /// A shard's gradient for one network is complete.
  func look(_ player: Player, _ shard: Int) {
    guard gradients[shard] == nil, let name = player.firstNotFinite(block(of: player)) else { return }
    gradients[shard] = "\(player.name).\(name)"
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
    try runShards(batch, into: diagnosis)
    for shard in 0..<plan.localShardCount {
      if !batch.images(shard).isFinite { return finding(shard, "the images") }
      if !batch.heatmaps(shard).isFinite { return finding(shard, "the heatmaps") }
      let sums = sums(shard)!
      let losses = [
        ("loss_mse", sums.lossMSE), ("loss_real", sums.lossReal), ("loss_fake", sums.lossFake),
        ("loss_adv", sums.lossAdv),
      ]
      if let loss = losses.first(where: { !$0.1.isFinite }) { return finding(shard, loss.0) }
      if let tensor = diagnosis.gradients[shard] { return finding(shard, "the gradient of", tensor) }
    }
    return nil
  }
}

extension Tensor {
  fileprivate var isFinite: Bool { values.allSatisfy(\.isFinite) }
}
