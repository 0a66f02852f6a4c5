import Communication
import DataParallel
import Platform
import Tensors
import Testing

@Suite struct GradientReducerTests {
  static let shards = 8
  static let count = 5003
  static let leaves = (0..<shards).map { roughValues(count, seed: UInt64($0)) }

  @Test(arguments: [1, 2, 4, 8], [1_000, 5_000, 1 << 20])
  func theSameBitsAtEveryNumberOfRanksAndBucketSize(worldSize: Int, bucketBytes: Int) throws {
    let expected = bits(treeSum(Self.leaves[...]))
    #expect(expected != bits(leftToRightSum(Self.leaves)))
    let outputs = InProcessCommunicator.run(size: worldSize) { communicator in
      let plan = try ShardPlan(batch: 16, shards: Self.shards, rank: communicator.rank, worldSize: worldSize)
      let reducer = try GradientReducer(
        "test", count: Self.count, plan: plan, thread: CommunicationThread(communicator),
        bucketSize: .bytes(bucketBytes))
      return try (0..<3).map {
        try runStep(reducer, plan, leaves: Self.leaves, witness: UInt64($0), piece: 500)
      }
    }
    for output in outputs {
      for sum in try output.get() { #expect(bits(sum) == expected) }
    }
  }

  @Test func twoNetworksAndTheirLossesShareOneThread() throws {
    let outputs = InProcessCommunicator.run(size: 4) { communicator in
      let plan = try ShardPlan(batch: 8, shards: Self.shards, rank: communicator.rank, worldSize: 4)
      let thread = CommunicationThread(communicator)
      let first = try GradientReducer("test", count: Self.count, plan: plan, thread: thread, bucketSize: .bytes(2_000))
      let second = try GradientReducer("test", count: Self.count, plan: plan, thread: thread, bucketSize: .bytes(3_000))
      let losses = try ShardVector("losses", count: 1, plan: plan, thread: thread)
      first.beginStep(witness: 5)
      second.beginStep(witness: 5)
      for (local, shard) in plan.localShards.enumerated() {
        for reducer in [first, second] {
          let gradient = reducer.gradient(for: local)
          for index in 0..<Self.count { gradient[index] = Self.leaves[shard][index] }
          if local < plan.localShardCount - 1 { reducer.finishShard(local) }
        }
        losses.slot(for: local)[0] = Double(Self.leaves[shard][7])
      }
      first.markReady(through: 2000)
      losses.start(witness: 5)
      second.markReady(through: 3000)
      first.markReady(through: Self.count)
      second.markReady(through: Self.count)
      _ = try second.wait()
      _ = try first.wait()
      return (Array(first.sum), Array(second.sum), try losses.wait()[0])
    }
    let loss = treeSum(Self.leaves.map { [Double($0[7])] }[...])[0]
    for output in outputs {
      let (first, second, sum) = try output.get()
      #expect(bits(first) == bits(treeSum(Self.leaves[...])))
      #expect(bits(second) == bits(first))
      #expect(sum.bitPattern == loss.bitPattern)
    }
  }

  @Test func theLibrarysSumIsNotTheTrees() throws {
    let outputs = InProcessCommunicator.run(size: 8) { communicator in
      let plan = try ShardPlan(batch: 8, shards: Self.shards, rank: communicator.rank, worldSize: 8)
      let reducer = try GradientReducer(
        "test", count: Self.count, plan: plan, thread: CommunicationThread(communicator), bucketSize: .bytes(8 << 20),
        algorithm: .library)
      return try runStep(reducer, plan, leaves: Self.leaves, witness: 0, piece: Self.count)
    }
    for output in outputs {
      #expect(try bits(output.get()) == bits(leftToRightSum(Self.leaves)))
      #expect(try bits(output.get()) != bits(treeSum(Self.leaves[...])))
    }
  }

  @Test func bucketsPassThroughTheirStates() throws {
    let outputs = InProcessCommunicator.run(size: 2) { communicator in
      let plan = try ShardPlan(batch: 2, shards: 2, rank: communicator.rank, worldSize: 2)
      let reducer = try GradientReducer(
        "test", count: 64, plan: plan, thread: CommunicationThread(communicator), bucketSize: .bytes(1))
      var states: [[GradientReducer.BucketState]] = []
      let record = { states.append((0..<4).map { reducer.state(ofBucket: $0) }) }
      reducer.beginStep(witness: 0)
      record()
      _ = reducer.gradient(for: 0)
      reducer.markReady(through: 31)
      reducer.markReady(through: 40)
      // Rank 0 looks before rank 1 has handed over anything, and the other way about.
      record()
      reducer.markReady(through: 64)
      _ = try reducer.wait()
      record()
      reducer.beginStep(witness: 0)
      record()
      return states
    }
    for output in outputs {
      let states = try output.get()
      #expect(states[0] == [.cleared, .cleared, .cleared, .cleared])
      #expect(!states[1][..<2].contains(.cleared) && states[1][2...] == [.cleared, .cleared])
      #expect(states[2] == [.reduced, .reduced, .reduced, .reduced])
      #expect(states[3] == states[0])
    }
  }

  @Test func aBucketWaitsForThePartnerAndIsThenReduced() throws {
    let hasLooked = Monitor(false)
    let outputs = InProcessCommunicator.run(size: 2) { communicator in
      let plan = try ShardPlan(batch: 2, shards: 2, rank: communicator.rank, worldSize: 2)
      let reducer = try GradientReducer(
        "test", count: 16, plan: plan, thread: CommunicationThread(communicator), bucketSize: .bytes(8 << 20))
      reducer.beginStep(witness: 0)
      reducer.gradient(for: 0).update(repeating: 1, count: 16)
      // Rank 1 hands over when rank 0 has seen that its own bucket waits.
      if communicator.rank == 1 { _ = hasLooked.wait { $0 ? true : nil } }
      reducer.markReady(through: 16)
      let early = reducer.state(ofBucket: 0)
      hasLooked.update { $0 = true }
      let waited = try reducer.wait()
      return (early, waited, reducer.state(ofBucket: 0), Array(reducer.sum))
    }
    #expect(try [.ready, .reducing].contains(outputs[0].get().0))
    for output in outputs {
      let (_, waited, state, sum) = try output.get()
      #expect(waited >= 0 && state == .reduced)
      #expect(sum == [Real](repeating: 2, count: 16))
    }
  }

  @Test func anErrorInTheThreadArrivesAtEveryWait() throws {
    let outputs = InProcessCommunicator.run(size: 2) { communicator in
      let plan = try ShardPlan(batch: 2, shards: 2, rank: communicator.rank, worldSize: 2)
      let thread = CommunicationThread(communicator)
      let reducer = try GradientReducer("test", count: 64, plan: plan, thread: thread, bucketSize: .bytes(8 << 20))
      let losses = try ShardVector("losses", count: 1, plan: plan, thread: thread)
      var errors: [CommunicationError] = []
      do {
        _ = try runStep(
          reducer, plan, leaves: Self.leaves, witness: UInt64(communicator.rank), piece: 64)
      } catch let error as CommunicationError { errors.append(error) }
      do throws(CommunicationError) { _ = try losses.reduce(witness: 0) } catch { errors.append(error) }
      return errors
    }
    for (rank, output) in outputs.enumerated() {
      let expected = CommunicationError.witnessDiffers(
        rank: rank, own: UInt64(rank), partner: 1 - rank, theirs: UInt64(1 - rank))
      #expect(try output.get() == [expected, expected])
    }
  }
}
