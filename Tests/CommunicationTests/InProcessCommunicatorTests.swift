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
            outgoing, incoming, ExchangeLabel("test", tag: 3, witness: UInt64(100 + communicator.rank)),
            partner: partner)
        }
      }
      return incoming == [UInt8](repeating: UInt8(partner), count: 1000) && witness == UInt64(100 + partner)
    }
    for output in outputs { #expect(try output.get()) }
  }

  /// At any number of ranks, as the first thing that ranks do is to say that their number does not fit.
  @Test(arguments: 1...9)
  func collectivesReachEveryRank(size: Int) throws {
    for root in 0..<size {
      let outputs = InProcessCommunicator.run(size: size) { communicator in
        let rank = communicator.rank
        var bytes = [UInt8](repeating: UInt8(rank), count: 5)
        try bytes.withUnsafeMutableBytes { try communicator.broadcast($0, root: root) }
        let gathered = try communicator.allGather([UInt8](repeating: UInt8(rank), count: 3 * (rank % 4)))
        try communicator.barrier()
        let text = try communicator.broadcast(text: rank == 0 ? "größer" : "")
        var values: [Real] = [Real(rank), 1]
        try values.withUnsafeMutableBufferPointer { try communicator.libraryAllReduce($0) }
        return (bytes, gathered, text, values)
      }
      for output in outputs {
        let (bytes, gathered, text, values) = try output.get()
        #expect(bytes == [UInt8](repeating: UInt8(root), count: 5))
        #expect(gathered == (0..<size).map { [UInt8](repeating: UInt8($0), count: 3 * ($0 % 4)) })
        #expect(text == "größer")
        #expect(values == [Real(size * (size - 1) / 2), Real(size)])
      }
    }
  }

  @Test func partnersInDifferentPlacesSayWhere() {
    func errors(
      _ exchange: @escaping @Sendable (InProcessCommunicator, _ isUpper: Bool) throws -> Void
    ) -> [CommunicationError?] {
      InProcessCommunicator.run(size: 2) { communicator in
        communicator.activity.begin(step: 7)
        do {
          try exchange(communicator, communicator.rank == 1)
          return nil
        } catch { return error as? CommunicationError }
      }.map { try? $0.get() }
    }
    let own = "generator 3 of step 7, sending 1 bytes and awaiting 1"
    let cases: [([CommunicationError?], String)] = [
      (
        errors { try exchangeZeros($0, "generator", count: $1 ? 2 : 1, tag: 3) },
        "generator 3 of step 7, sending 2 bytes and awaiting 2"
      ),
      (
        errors { try exchangeZeros($0, "generator", count: 1, tag: $1 ? 4 : 3) },
        "generator 4 of step 7, sending 1 bytes and awaiting 1"
      ),
      (
        errors { try exchangeZeros($0, $1 ? "sums" : "generator", count: 1, tag: 3) },
        "sums 3 of step 7, sending 1 bytes and awaiting 1"
      ),
      (
        errors { communicator, isUpper in
          if isUpper { communicator.activity.begin(step: 8) }
          try exchangeZeros(communicator, "generator", count: 1, tag: 3)
        }, "generator 3 of step 8, sending 1 bytes and awaiting 1"
      ),
    ]
    for (errors, theirs) in cases {
      #expect(errors[0] == .exchangeDiffers(rank: 0, own: own, partner: 1, theirs: theirs))
      guard case .exchangeDiffers(1, _, 0, "generator 3 of step 7, sending 1 bytes and awaiting 1") = errors[1] else {
        Issue.record("rank 1 did not notice: \(String(describing: errors[1]))")
        continue
      }
    }
  }

  /// Only one of the two can see it in what it awaits; both say so.
  @Test func aBroadcastOfOtherSizesIsAnErrorOnBothRanks() {
    let outputs = InProcessCommunicator.run(size: 2) { communicator in
      var numbers = [UInt64](repeating: 1, count: 1 + communicator.rank)
      try communicator.broadcast(&numbers)
    }
    for (rank, output) in outputs.enumerated() {
      guard case .failure(CommunicationError.exchangeDiffers(rank, _, 1 - rank, _)) = output else {
        Issue.record("rank \(rank): \(output)")
        continue
      }
    }
  }

  @Test func aRankInAnotherCollectiveIsNamed() {
    let outputs = InProcessCommunicator.run(size: 2) { communicator in
      if communicator.rank == 0 {
        try communicator.barrier()
      } else {
        var numbers: [UInt64] = [1]
        try communicator.broadcast(&numbers)
      }
    }
    #expect(
      throws: CommunicationError.exchangeDiffers(
        rank: 0, own: "gather 1 of step 0, sending 0 bytes and awaiting 8", partner: 1,
        theirs: "broadcast 1 of step 0, sending 0 bytes and awaiting 8")
    ) { try outputs[0].get() }
  }

  @Test func aRankThatThrowsEndsTheRunForThoseWhoWait() {
    struct Gone: Error {}
    let outputs = InProcessCommunicator.run(size: 4) { communicator in
      if communicator.rank == 3 { throw Gone() }
      try communicator.barrier()
    }
    for rank in 0..<3 {
      guard case .failure(CommunicationError.callFailed(rank, _, "rank 3 has ended the run")) = outputs[rank] else {
        Issue.record("rank \(rank): \(outputs[rank])")
        continue
      }
    }
    #expect(throws: Gone.self) { try outputs[3].get() }
  }

  @Test func singleProcessIsRankZeroOfOne() throws {
    let communicator = SingleProcess()
    #expect(communicator.rank == 0 && communicator.worldSize == 1)
    #expect(communicator.localRank == 0 && communicator.localSize == 1)
    #expect(try communicator.allGather([1, 2]) == [[1, 2]])
  }
}

private func exchangeZeros(
  _ communicator: InProcessCommunicator, _ operation: ShortName, count: Int, tag: Int
) throws {
  let outgoing = [UInt8](repeating: 0, count: count)
  var incoming = outgoing
  _ = try outgoing.withUnsafeBytes { outgoing in
    try incoming.withUnsafeMutableBytes { incoming in
      try communicator.exchange(
        outgoing, incoming, ExchangeLabel(operation, tag: tag), partner: 1 - communicator.rank)
    }
  }
}
