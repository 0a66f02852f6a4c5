import Communication
import DataParallel
import Testing

@Suite struct CommunicationThreadTests {
  @Test func reductionsAreMadeInTheOrderOfSubmission() throws {
    let outputs = InProcessCommunicator.run(size: 2) { communicator in
      let plan = try ShardPlan(batch: 2, shards: 2, rank: communicator.rank, worldSize: 2)
      let thread = CommunicationThread(communicator)
      let vectors = try [1.0, 10, 100].map { value in
        let vector = try ShardVector("losses", count: 1, plan: plan, thread: thread)
        vector.slot(for: 0)[0] = value
        return vector
      }
      // Rank 0 hands over all at once; rank 1 each only when the one before is through, so that any other order at
      // rank 0 would pair different vectors.
      guard communicator.rank == 0 else { return try vectors.map { try $0.reduce(witness: 0)[0] } }
      for vector in vectors { vector.start(witness: 0) }
      return try vectors.map { try $0.wait()[0] }
    }
    for output in outputs { #expect(try output.get() == [2, 20, 200]) }
  }
}
