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

  @Test func theTreeIsNotTheSumFromLeftToRight() {
    let leaves = (0..<4).map { roughValues(1000, seed: UInt64($0), as: Float.self) }
    #expect(bits(treeSum(leaves[...])) != bits(leftToRightSum(leaves)))
  }

  /// One reducer sums vectors of all sizes up to its largest, by whichever way: 64 KiB are 16,384 floats.
  @Test(arguments: [TreeReducer.usuallyScattered, 65_536..<65_540])
  func theWayChangesNothingButSpeed(scattered: Range<Int>) throws {
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
  _ leaf: [Float], _ communicator: any Communicator, scattered: Range<Int> = TreeReducer.usuallyScattered
) throws -> [Float] {
  var values = leaf
  let reducer = TreeReducer(communicator, "test", largest: values.count * 4, scattered: scattered)
  try values.withUnsafeMutableBufferPointer { try reducer.reduce($0, witness: 42) }
  return values
}
