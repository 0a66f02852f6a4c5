import Communication

/// A few Doubles of every shard, losses and running statistics, summed in the tree over shard index.
///
/// Each step writes `slot(for:)` of every local shard in full; then `start` and `wait`, or `reduce` for both.
/// The exchanges take their turn in the communication thread's queue.
public final class ShardVector {
  /// Doubles of one shard.
  public let count: Int
  private let localShards: Int
  private let name: ShortName
  private let thread: CommunicationThread
  private let reducer: any Reducer
  /// Memory for all slots, whose first other ranks of the machine may see.
  private let memory: SharedMemory
  private let slots: UnsafeMutablePointer<Double>
  private var submission: Int?

  /// Every rank makes it, at the same place of the program.
  ///
  /// - Parameter name: what its exchanges are called.
  public init(
    _ name: ShortName, count: Int, plan: ShardPlan, thread: CommunicationThread
  ) throws(CommunicationError) {
    precondition(count > 0)
    precondition(plan.worldSize == thread.communicator.worldSize && plan.rank == thread.communicator.rank)
    self.count = count
    self.name = name
    self.thread = thread
    localShards = plan.localShardCount
    reducer = thread.makeReducer(.tree, name, largest: count * MemoryLayout<Double>.size)
    memory = try thread.communicator.shareMemory(bytes: count * localShards * MemoryLayout<Double>.size)
    slots = memory.bytes.baseAddress!.assumingMemoryBound(to: Double.self)
  }

  /// The place for the values of this rank's shard `localShard`, 0..<L.
  public func slot(for localShard: Int) -> UnsafeMutableBufferPointer<Double> {
    precondition((0..<localShards).contains(localShard))
    precondition(submission == nil, "the values are being reduced")
    return UnsafeMutableBufferPointer(start: slots + localShard * count, count: count)
  }

  /// Sums the rank's shards and hands the sum to the communication thread.
  ///
  /// - Parameter witness: the bits of the k_t that this step uses; compared at every exchange.
  public func start(witness: UInt64) {
    precondition(submission == nil, "a reduction is started once")
    var distance = 1
    while distance < localShards {
      for left in stride(from: 0, to: localShards, by: 2 * distance) {
        PairSum.add(
          slots + left * count, upper: slots + (left + distance) * count, count: count)
      }
      distance *= 2
    }
    let values = UnsafeMutableBufferPointer(start: slots, count: count)
    thread.communicator.activity.noteReady(name, bytes: count * MemoryLayout<Double>.size)
    submission = thread.submit(
      PendingReduction(values: .statistics(values), tag: 0, witness: witness, reducer: reducer, owner: self))
  }

  /// Sleeps until the sum over all shards is there; it stays valid until a slot is written again.
  public func wait() throws(CommunicationError) -> UnsafeMutableBufferPointer<Double> {
    guard let number = submission else { preconditionFailure("a reduction is started before it is waited for") }
    let start = Timeline.now
    try thread.wait(for: number)
    thread.communicator.activity.note(StepSpan.waiting.name, from: start)
    submission = nil
    return UnsafeMutableBufferPointer(start: slots, count: count)
  }

  /// The sum over all shards of the batch, in the tree over shard index, the same bits on every rank.
  public func reduce(witness: UInt64) throws(CommunicationError) -> UnsafeMutableBufferPointer<Double> {
    start(witness: witness)
    return try wait()
  }
}
