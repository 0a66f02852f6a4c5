import Communication
import DataParallel
import Testing

@Suite struct ShardVectorTests {
  @Test(arguments: [1, 2, 4, 8])
  func theSameBitsAtEveryNumberOfRanks(worldSize: Int) throws {
    let leaves = (0..<8).map { shard in roughValues(33, seed: UInt64(shard)).map { Double($0) / 3 } }
    let expected = treeSum(leaves[...]).map(\.bitPattern)
    #expect(expected != leftToRightSum(leaves).map(\.bitPattern))
    let outputs = InProcessCommunicator.run(size: worldSize) { communicator in
      let plan = try ShardPlan(batch: 8, shards: 8, rank: communicator.rank, worldSize: worldSize)
      let vector = try ShardVector("losses", count: 33, plan: plan, thread: CommunicationThread(communicator))
      return try (0..<2).map { _ in
        for (local, shard) in plan.localShards.enumerated() {
          _ = vector.slot(for: local).update(from: leaves[shard])
        }
        return try vector.reduce(witness: 9).map(\.bitPattern)
      }
    }
    for output in outputs { #expect(try output.get() == [expected, expected]) }
  }

  @Test func anotherWitnessIsNoticedOnBothSides() {
    let outputs = InProcessCommunicator.run(size: 2) { communicator in
      let plan = try ShardPlan(batch: 2, shards: 2, rank: communicator.rank, worldSize: 2)
      let vector = try ShardVector("losses", count: 1, plan: plan, thread: CommunicationThread(communicator))
      _ = try vector.reduce(witness: UInt64(communicator.rank))
    }
    for rank in 0..<2 {
      let (own, theirs) = (UInt64(rank), UInt64(1 - rank))
      #expect(throws: CommunicationError.witnessDiffers(rank: rank, own: own, partner: 1 - rank, theirs: theirs)) {
        try outputs[rank].get()
      }
    }
  }
}
