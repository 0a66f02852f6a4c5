import Communication
import DataParallel
import Testing

@Suite struct CommunicationThreadTests {
  @Test func reductionsAreMadeInTheOrderOfSubmission() throws {
    let ranks = try InProcessCommunicator.world(size: 2).map { communicator in
      let plan = try ShardPlan(batch: 2, shards: 2, rank: communicator.rank, worldSize: 2)
      let thread = CommunicationThread(communicator)
      return [1.0, 10, 100].map { value in
        let vector = ShardVector("losses", count: 1, plan: plan, thread: thread)
        vector.slot(for: 0)[0] = value
        return vector
      }
    }
    // Rank 0 hands over all at once; rank 1 each only when the one before is through, so that any other order at
    // rank 0 would pair different vectors.
    for vector in ranks[0] { vector.start(witness: 0) }
    let sums = try ranks[1].map { try $0.reduce(witness: 0)[0] }
    #expect(sums == [2, 20, 200])
    #expect(try ranks[0].map { try $0.wait()[0] } == sums)
  }
}
