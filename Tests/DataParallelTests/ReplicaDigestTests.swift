import Communication
import DataParallel
import Testing

@Suite struct ReplicaDigestTests {
  /// What each of four ranks is told when rank r's digest of tensor t is `value(r, t)`.
  private func errors(_ value: @escaping @Sendable (Int, Int) -> UInt64) -> [CommunicationError?] {
    let outputs = InProcessCommunicator.run(size: 4) { communicator -> CommunicationError? in
      let digests = (0..<3).map { ReplicaDigest(name: "tensor\($0)", value(communicator.rank, $0)) }
      do throws(CommunicationError) {
        try ReplicaDigest.compare(digests, over: communicator)
        return nil
      } catch { return error }
    }
    return outputs.map { try? $0.get() }
  }

  @Test func equalReplicasPass() {
    #expect(errors { _, tensor in UInt64(tensor) } == [nil, nil, nil, nil])
  }

  @Test func theFirstTensorAndTheRankThatDiffersAreNamedOnEveryRank() {
    let found = errors { rank, tensor in tensor >= 1 && rank == 2 ? 99 : UInt64(tensor) }
    #expect(found == Array(repeating: .replicasDiffer(tensor: "tensor1", rank: 2), count: 4))
  }

  @Test func whenRankZeroDiffersItIsNamed() {
    let found = errors { rank, tensor in tensor == 2 && rank == 0 ? 99 : 1 }
    #expect(found == Array(repeating: .replicasDiffer(tensor: "tensor2", rank: 0), count: 4))
  }

  @Test func listsOfDifferentLengthsAreFound() {
    let outputs = InProcessCommunicator.run(size: 2) { communicator in
      let digests = (0..<communicator.rank + 1).map { ReplicaDigest(name: "tensor\($0)", 1) }
      try ReplicaDigest.compare(digests, over: communicator)
    }
    for output in outputs { #expect(throws: CommunicationError.self) { try output.get() } }
  }
}
