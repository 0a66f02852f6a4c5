import Communication
import DataParallel
import Testing

/// Each misuse ends a process of its own.
@Suite struct GradientReducerMisuseTests {
  @Test func aGradientIsNotMadeReadyTwice() async {
    await #expect(processExitsWith: .failure) {
      let reducer = try makeReducer(shards: 1)
      reducer.beginStep(witness: 0)
      _ = reducer.gradient(for: 0)
      reducer.markReady(through: 40)
      reducer.markReady(through: 40)
    }
  }

  @Test func nothingIsMadeReadyBeforeTheLastShard() async {
    await #expect(processExitsWith: .failure) {
      let reducer = try makeReducer(shards: 2)
      reducer.beginStep(witness: 0)
      _ = reducer.gradient(for: 0)
      reducer.markReady(through: 40)
    }
  }

  @Test func shardsAreRunInOrder() async {
    await #expect(processExitsWith: .failure) {
      let reducer = try makeReducer(shards: 2)
      reducer.beginStep(witness: 0)
      _ = reducer.gradient(for: 1)
    }
  }

  @Test func theLastShardIsNotFinishedAtOnce() async {
    await #expect(processExitsWith: .failure) {
      let reducer = try makeReducer(shards: 1)
      reducer.beginStep(witness: 0)
      _ = reducer.gradient(for: 0)
      reducer.finishShard(0)
    }
  }

  @Test func waitingNeedsEveryGradient() async {
    await #expect(processExitsWith: .failure) {
      let reducer = try makeReducer(shards: 1)
      reducer.beginStep(witness: 0)
      _ = reducer.gradient(for: 0)
      reducer.markReady(through: 99)
      _ = try reducer.wait()
    }
  }

  @Test func theSumIsNotReadInAStep() async {
    await #expect(processExitsWith: .failure) {
      let reducer = try makeReducer(shards: 1)
      reducer.beginStep(witness: 0)
      _ = reducer.sum
    }
  }

  @Test func aStepInOrderEndsWell() async {
    await #expect(processExitsWith: .success) {
      let reducer = try makeReducer(shards: 2)
      reducer.beginStep(witness: 0)
      _ = reducer.gradient(for: 0)
      reducer.finishShard(0)
      _ = reducer.gradient(for: 1)
      reducer.markReady(through: 40)
      reducer.markReady(through: 100)
      _ = try reducer.wait()
    }
  }
}

private func makeReducer(shards: Int) throws -> GradientReducer {
  let plan = try ShardPlan(batch: shards, shards: shards, rank: 0, worldSize: 1)
  return try GradientReducer(
    "test", count: 100, plan: plan, thread: CommunicationThread(SingleProcess()), bucketSize: .bytes(100))
}
