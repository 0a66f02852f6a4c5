import Communication
import Tensors
import Testing

@Suite struct TreeReducerTests {
  /// Sizes on both sides of the threshold, odd ones and fewer elements than ranks among them.
  static let counts = [1, 3, 7, 64, 257, 1000, 4099]

  @Test(arguments: [1, 2, 4, 8], counts)
  func floatsAreSummedAlongTheTree(size: Int, count: Int) throws {
    let leaves = (0..<size).map { roughValues(count, seed: UInt64($0), as: Float.self) }
    let expected = bits(treeSum(leaves[...]))
    for scattered in [0..<Int.max, 0..<0] {
      let outputs = InProcessCommunicator.run(size: size) { communicator in
        try reduced(leaves[communicator.rank], communicator, scattered: scattered)
      }
      for output in outputs { #expect(try bits(output.get()) == expected) }
    }
  }

  @Test(arguments: [2, 4, 8], counts)
  func doublesAreSummedAlongTheTree(size: Int, count: Int) throws {
    let leaves = (0..<size).map { roughValues(count, seed: UInt64($0), as: Double.self) }
    let expected = bits(treeSum(leaves[...]))
    for scattered in [0..<Int.max, 0..<0] {
      let outputs = InProcessCommunicator.run(size: size) { communicator in
        var values = leaves[communicator.rank]
        let reducer = TreeReducer(communicator, "test", largest: values.count * 8, scattered: scattered)
        try values.withUnsafeMutableBufferPointer { try reducer.reduce($0, witness: 0) }
        return values
      }
      for output in outputs { #expect(try bits(output.get()) == expected) }
    }
  }

  /// What partners see of each other is added where it lies, once and again, and they hold the same bits after.
  @Test(arguments: [1, 2, 4, 8], Machines.allCases)
  func sharedMemoryIsSummedAlongTheTree(size: Int, machines: Machines) throws {
    for count in Self.counts { try sharedMemoryIsSummed(size, machines, count) }
  }

  /// How ranks are spread over machines.
  enum Machines: CaseIterable {
    case one, twoEach, inTurn, lastAlone

    @Sendable func machine(of rank: Int) -> Int {
      switch self {
      case .one: 0
      case .twoEach: rank / 2
      case .inTurn: rank % 2
      case .lastAlone: rank == 3 ? 1 : 0
      }
    }
  }

  private func sharedMemoryIsSummed(_ size: Int, _ machines: Machines, _ count: Int) throws {
    let leaves = (0..<size).map { roughValues(count, seed: UInt64($0), as: Float.self) }
    let expected = bits(treeSum(leaves[...]))
    let outputs = InProcessCommunicator.run(size: size, machine: machines.machine) { communicator in
      let memory = try communicator.shareMemory(bytes: count * 4)
      for rank in 0..<size {
        let isSeen = communicator.counterpart(of: memory.bytes.baseAddress!, at: rank) != nil
        #expect(isSeen == (machines.machine(of: rank) == machines.machine(of: communicator.rank)))
      }
      let values = memory.bytes.assumingMemoryBound(to: Float.self)
      let reducer = TreeReducer(communicator, "test", largest: count * 4, scattered: 0..<Int.max)
      return try (0..<3).map { tag in
        for (index, value) in leaves[communicator.rank].enumerated() { values[index] = value }
        try reducer.reduce(values, tag: tag, witness: 42)
        return bits(Array(values))
      }
    }
    for output in outputs { #expect(try output.get() == [expected, expected, expected]) }
  }

  /// Partners that add where memory lies send nothing; that they reckon with vectors of other lengths is still noticed.
  @Test func anotherLengthOfSharedMemoryIsNoticed() {
    let outputs = InProcessCommunicator.run(size: 2) { communicator in
      let memory = try communicator.shareMemory(bytes: 400)
      let values = memory.bytes.assumingMemoryBound(to: Float.self)
      let reducer = TreeReducer(communicator, "test", largest: 400, scattered: 0..<Int.max)
      try reducer.reduce(
        UnsafeMutableBufferPointer(rebasing: values[..<(100 - communicator.rank)]), witness: 0)
    }
    for rank in 0..<2 {
      let error = #expect(throws: CommunicationError.self) { try outputs[rank].get() }
      guard case .exchangeDiffers(rank, let own, 1 - rank, _) = error else {
        Issue.record("\(String(describing: error))")
        continue
      }
      #expect(own == "test 0 of step 0, sending 0 bytes and awaiting 0 of a vector of \(400 - 4 * rank)")
    }
  }

  @Test func theTreeIsNotTheSumFromLeftToRight() {
    let leaves = (0..<4).map { roughValues(1000, seed: UInt64($0), as: Float.self) }
    #expect(bits(treeSum(leaves[...])) != bits(leftToRightSum(leaves)))
  }

  /// One reducer sums vectors of all sizes up to its largest, by whichever way: 64 KiB are 16,384 floats.
  @Test(arguments: [nil, 65_536..<65_540] as [Range<Int>?])
  func theWayChangesNothingButSpeed(scattered: Range<Int>?) throws {
    let counts = [16_385, 16_384, 16_383, 5]
    let leaves = (0..<4).map { rank in counts.map { roughValues($0, seed: UInt64(rank), as: Float.self) } }
    let outputs = InProcessCommunicator.run(size: 4) { communicator in
      let reducer = TreeReducer(communicator, "test", largest: counts[0] * 4, scattered: scattered)
      return try leaves[communicator.rank].map { leaf in
        var values = leaf
        try values.withUnsafeMutableBufferPointer { try reducer.reduce($0, witness: 0) }
        return values
      }
    }
    for output in outputs {
      for (index, sum) in try output.get().enumerated() {
        #expect(bits(sum) == bits(treeSum(leaves.map { $0[index] }[...])))
      }
    }
  }

  @Test(arguments: [0..<Int.max, 0..<0])
  func bothPartnersNoticeAnotherWitness(scattered: Range<Int>) {
    let outputs = InProcessCommunicator.run(size: 4) { communicator in
      let witness: UInt64 = communicator.rank == 3 ? 8 : 7
      var values = [Float](repeating: 1, count: 100)
      let reducer = TreeReducer(communicator, "test", largest: 400, scattered: scattered)
      try values.withUnsafeMutableBufferPointer { try reducer.reduce($0, witness: witness) }
    }
    #expect(throws: CommunicationError.witnessDiffers(rank: 2, own: 7, partner: 3, theirs: 8)) {
      try outputs[2].get()
    }
    #expect(throws: CommunicationError.witnessDiffers(rank: 3, own: 8, partner: 2, theirs: 7)) {
      try outputs[3].get()
    }
    for rank in 0..<2 { #expect(throws: CommunicationError.self) { try outputs[rank].get() } }
  }

  @Test(arguments: [Fault.ranksReversed, .partnersMixed, .oneBitFlipped], [0..<Int.max, 0..<0])
  func aBrokenTreeIsSeenInTheBits(fault: Fault, scattered: Range<Int>) throws {
    let leaves = (0..<8).map { roughValues(1000, seed: UInt64($0), as: Float.self) }
    let outputs = InProcessCommunicator.run(size: 8) { communicator in
      let broken = BrokenCommunicator(communicator, fault: fault)
      return try reduced(leaves[communicator.rank], broken, scattered: scattered)
    }
    let sums = try outputs.map { try bits($0.get()) }
    let expected = bits(treeSum(leaves[...]))
    // Reversing the ranks turns the tree over, and addition commutes: that one fault must change nothing.
    #expect(sums.allSatisfy { $0 == expected } == (fault == .ranksReversed))
  }
}

private func reduced(
  _ leaf: [Float], _ communicator: any Communicator, scattered: Range<Int>? = nil
) throws -> [Float] {
  var values = leaf
  let reducer = TreeReducer(communicator, "test", largest: values.count * 4, scattered: scattered)
  try values.withUnsafeMutableBufferPointer { try reducer.reduce($0, witness: 42) }
  return values
}
