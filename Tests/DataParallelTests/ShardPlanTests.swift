import DataParallel
import Testing

@Suite struct ShardPlanTests {
  @Test func shardsAndPositionsCoverTheBatchInOrder() throws {
    for worldSize in [1, 2, 4, 8] {
      let plans = try (0..<worldSize).map {
        try ShardPlan(batch: 24, shards: 8, rank: $0, worldSize: worldSize)
      }
      #expect(plans.flatMap(\.localShards) == Array(0..<8))
      #expect(plans.flatMap(\.localPositions) == Array(0..<24))
      #expect((0..<8).flatMap { plans[0].positions(ofShard: $0) } == Array(0..<24))
      #expect(plans.allSatisfy { $0.localShardCount == 8 / worldSize && $0.samplesPerShard == 3 })
    }
  }

  @Test func whatDoesNotFitIsRefusedWithWhatFits() {
    #expect(throws: ShardPlanError.shards(4, batch: 6, fitting: [1, 2])) {
      try ShardPlan(batch: 6, shards: 4, rank: 0, worldSize: 1)
    }
    #expect(throws: ShardPlanError.shards(3, batch: 6, fitting: [1, 2])) {
      try ShardPlan(batch: 6, shards: 3, rank: 0, worldSize: 1)
    }
    #expect(throws: ShardPlanError.shards(0, batch: 0, fitting: [])) {
      try ShardPlan(batch: 0, shards: 0, rank: 0, worldSize: 1)
    }
    #expect(throws: ShardPlanError.ranks(8, shards: 4, fitting: [1, 2, 4], shardsInstead: [8, 16])) {
      try ShardPlan(batch: 16, shards: 4, rank: 0, worldSize: 8)
    }
    #expect(throws: ShardPlanError.ranks(3, shards: 4, fitting: [1, 2, 4], shardsInstead: [])) {
      try ShardPlan(batch: 16, shards: 4, rank: 2, worldSize: 3)
    }
  }

  @Test func messagesNameTheKeysAndWhatFits() {
    #expect(
      ShardPlanError.shards(4, batch: 6, fitting: [1, 2]).description
        == "train.shards: 4 is not a power of two that divides train.batch 6; shards that fit: 1 or 2")
    #expect(
      ShardPlanError.ranks(8, shards: 4, fitting: [1, 2, 4], shardsInstead: [8, 16]).description
        == "train.shards: 8 ranks do not fit 4 shards; ranks that fit: 1, 2 or 4; or set train.shards to 8 or 16")
  }
}
