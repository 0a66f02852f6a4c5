import Communication
import Tensors
import Testing

@Suite struct InProcessCommunicatorTests {
  @Test(arguments: [2, 4, 8])
  func exchangeSwapsBytesAndWitnesses(size: Int) throws {
    let outputs = InProcessCommunicator.run(size: size) { communicator in
      let partner = communicator.rank ^ (size / 2)
      let outgoing = [UInt8](repeating: UInt8(communicator.rank), count: 1000)
      var incoming = [UInt8](repeating: 0, count: 1000)
      let witness = try outgoing.withUnsafeBytes { outgoing in
        try incoming.withUnsafeMutableBytes { incoming in
          try communicator.exchange(
            outgoing, incoming, witness: UInt64(100 + communicator.rank), partner: partner, tag: 3)
        }
      }
      return incoming == [UInt8](repeating: UInt8(partner), count: 1000) && witness == UInt64(100 + partner)
    }
    for output in outputs { #expect(try output.get()) }
  }

  @Test func collectivesReachEveryRank() throws {
    let outputs = InProcessCommunicator.run(size: 4) { communicator in
      var bytes = [UInt8](repeating: UInt8(communicator.rank), count: 5)
      try bytes.withUnsafeMutableBytes { try communicator.broadcast($0, root: 2) }
      let gathered = try communicator.allGather([UInt8](repeating: 7, count: communicator.rank))
      try communicator.barrier()
      var values: [Real] = [Real(communicator.rank), 1]
      try values.withUnsafeMutableBufferPointer { try communicator.libraryAllReduce($0) }
      return (bytes, gathered.map(\.count), values)
    }
    for output in outputs {
      let (bytes, counts, values) = try output.get()
      #expect(bytes == [2, 2, 2, 2, 2])
      #expect(counts == [0, 1, 2, 3])
      #expect(values == [6, 4])
    }
  }

  @Test func otherSizesAndTagsAreErrors() {
    let sizes = InProcessCommunicator.run(size: 2) { communicator in
      try exchangeZeros(communicator, count: communicator.rank + 1, tag: 0)
    }
    let tags = InProcessCommunicator.run(size: 2) { communicator in
      try exchangeZeros(communicator, count: 1, tag: Int32(communicator.rank))
    }
    for outputs in [sizes, tags] {
      for (rank, output) in outputs.enumerated() {
        guard case .failure(CommunicationError.callFailed(rank, "exchange", _)) = output else {
          Issue.record("rank \(rank) did not notice")
          continue
        }
      }
    }
  }

  @Test func aRankThatThrowsEndsTheRunForThoseWhoWait() {
    struct Gone: Error {}
    let outputs = InProcessCommunicator.run(size: 4) { communicator in
      if communicator.rank == 3 { throw Gone() }
      try communicator.barrier()
    }
    for rank in 0..<3 {
      #expect(throws: CommunicationError.callFailed(rank: rank, call: "allGather", cause: "rank 3 has ended the run")) {
        try outputs[rank].get()
      }
    }
    #expect(throws: Gone.self) { try outputs[3].get() }
  }

  @Test func singleProcessIsRankZeroOfOne() throws {
    let communicator = SingleProcess()
    #expect(communicator.rank == 0 && communicator.worldSize == 1)
    #expect(communicator.localRank == 0 && communicator.localSize == 1)
    #expect(communicator.allGather([1, 2]) == [[1, 2]])
  }
}

private func exchangeZeros(_ communicator: InProcessCommunicator, count: Int, tag: Int32) throws {
  let outgoing = [UInt8](repeating: 0, count: count)
  var incoming = outgoing
  _ = try outgoing.withUnsafeBytes { outgoing in
    try incoming.withUnsafeMutableBytes { incoming in
      try communicator.exchange(outgoing, incoming, witness: 0, partner: 1 - communicator.rank, tag: tag)
    }
  }
}
