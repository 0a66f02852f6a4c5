/// How a global batch is cut into shards, and which of them a rank owns.
///
/// V shards of batch/V samples each, whatever the number of ranks P; rank r owns shards rV/P … (r+1)V/P − 1. Both are
/// powers of two, so that the tree over shards is balanced and a rank's shards are a subtree of it.
public struct ShardPlan: Sendable, Equatable {
  /// Samples of the global batch.
  public let batch: Int
  /// V.
  public let shards: Int
  public let rank: Int
  /// P.
  public let worldSize: Int

  public init(batch: Int, shards: Int, rank: Int, worldSize: Int) throws(ShardPlanError) {
    precondition(worldSize >= 1 && (0..<worldSize).contains(rank))
    guard batch >= 1, Self.fitting(batch: batch).contains(shards) else {
      throw .shards(shards, batch: batch, fitting: Self.fitting(batch: batch))
    }
    guard worldSize.nonzeroBitCount == 1, worldSize <= shards else {
      throw .ranks(
        worldSize, shards: shards, fitting: Self.powers(through: shards),
        shardsInstead: Self.fitting(batch: batch).filter { $0 >= worldSize && worldSize.nonzeroBitCount == 1 })
    }
    self.batch = batch
    self.shards = shards
    self.rank = rank
    self.worldSize = worldSize
  }

  public var samplesPerShard: Int { batch / shards }

  /// L = V/P.
  public var localShardCount: Int { shards / worldSize }

  /// This rank's shards, in the order in which it runs them.
  public var localShards: Range<Int> { rank * localShardCount..<(rank + 1) * localShardCount }

  /// Positions in the global batch of the samples of `shard`, 0..<V.
  public func positions(ofShard shard: Int) -> Range<Int> {
    precondition((0..<shards).contains(shard))
    return shard * samplesPerShard..<(shard + 1) * samplesPerShard
  }

  /// Positions in the global batch of this rank's samples.
  public var localPositions: Range<Int> {
    localShards.lowerBound * samplesPerShard..<localShards.upperBound * samplesPerShard
  }

  /// Powers of two that divide `batch`: the numbers of shards that fit.
  public static func fitting(batch: Int) -> [Int] {
    batch < 1 ? [] : powers(through: batch & -batch)
  }

  private static func powers(through largest: Int) -> [Int] {
    var powers = [1]
    while powers.last! * 2 <= largest { powers.append(powers.last! * 2) }
    return powers
  }
}
