import Communication
import Tensors

/// Sums one network's gradient over all shards of the batch, while backward goes on.
///
/// A step, on a rank with L shards:
///
///     beginStep(witness: bits of k_t)
///     for i in 0..<L
///       backward of shard i writes into gradient(for: i)
///       i < L − 1:  finishShard(i)
///       i = L − 1:  markReady(through:) as backward comes along     → buckets are merged in the rank and sent
///     wait()                                                          → `sum` holds the sum over all V shards
///
/// The additions form one balanced tree over shard index: inside the rank a `ShardAccumulator`, across ranks a
/// `TreeReducer`. Calls out of this order are programmer's errors.
public final class GradientReducer {
  /// Where a bucket is in its step. Only ever moves on to the next.
  public enum BucketState: Sendable { case cleared, ready, reducing, reduced }

  public let buckets: GradientBuckets
  private let name: ShortName
  private let thread: CommunicationThread
  private let accumulator: ShardAccumulator
  private let reducer: any Reducer
  /// The numbers under which buckets were submitted in this step; nil while cleared.
  private var submissions: [Int?]
  private var submitted = 0
  private var watermark = 0
  private var witness: UInt64 = 0
  private var shard = 0
  private var isShardOpen = false
  private var phase = Phase.idle

  private enum Phase { case idle, running, failed }

  /// Every rank makes it, at the same place of the program.
  ///
  /// - Parameters:
  ///   - name: whose gradient it is.
  ///   - count: elements of the network's gradient block.
  ///   - bucketSize: the wanted size of a bucket.
  public init(
    _ name: ShortName, count: Int, plan: ShardPlan, thread: CommunicationThread, bucketSize: BucketSize,
    algorithm: ReductionAlgorithm = .tree
  ) throws(CommunicationError) {
    precondition(plan.worldSize == thread.communicator.worldSize && plan.rank == thread.communicator.rank)
    self.name = name
    self.thread = thread
    buckets = GradientBuckets(count: count, bucketSize)
    accumulator = ShardAccumulator(
      count: count, localShards: plan.localShardCount,
      first: try thread.communicator.shareMemory(bytes: count * MemoryLayout<Real>.stride))
    reducer = thread.makeReducer(algorithm, name, largest: buckets.largest * MemoryLayout<Real>.size)
    submissions = Array(repeating: nil, count: buckets.ranges.count)
  }

  /// Begins a step: all buckets are cleared.
  ///
  /// - Parameter witness: the bits of the k_t that this step uses; it travels with every exchange.
  public func beginStep(witness: UInt64) {
    precondition(phase == .idle, "a step begins after the last one has been waited for, and never after an error")
    self.witness = witness
    phase = .running
    for bucket in submissions.indices { submissions[bucket] = nil }
    submitted = 0
    watermark = 0
    shard = 0
    isShardOpen = false
  }

  /// The block for the gradient of this rank's shard `localShard`, 0..<L, zeroed when first asked for.
  ///
  /// - Parameter zeroed: false leaves old values in the block, for a backward that writes every element.
  public func gradient(for localShard: Int, zeroed: Bool = true) -> UnsafeMutablePointer<Real> {
    precondition(phase == .running && localShard == shard, "shards are run in order, each finished before the next")
    let block = accumulator.block(for: localShard)
    if !isShardOpen && zeroed { block.update(repeating: 0, count: buckets.count) }
    isShardOpen = true
    return block
  }

  /// Ends a shard that is not the rank's last: its whole gradient is there.
  public func finishShard(_ localShard: Int) {
    precondition(phase == .running && localShard == shard && isShardOpen, "a shard is finished once, in order")
    precondition(localShard < accumulator.localShards - 1, "the last shard's gradient is handed over by markReady")
    accumulator.merge(localShard, in: 0..<buckets.count)
    shard += 1
    isShardOpen = false
  }

  /// On the last shard: the elements below `offset` are final. Every bucket wholly below it is merged and sent.
  public func markReady(through offset: Int) {
    precondition(phase == .running && shard == accumulator.localShards - 1 && isShardOpen, "not on the last shard")
    precondition(offset > watermark, "gradients are made ready once, in layout order")
    precondition(offset <= buckets.count)
    watermark = offset
    while submitted < buckets.ranges.count, buckets.ranges[submitted].upperBound <= offset {
      let range = buckets.ranges[submitted]
      accumulator.merge(shard, in: range)
      let values = UnsafeMutableBufferPointer(start: accumulator.sum + range.lowerBound, count: range.count)
      thread.communicator.activity.noteReady(
        name, tag: submitted, bytes: range.count * MemoryLayout<Real>.size)
      submissions[submitted] = thread.submit(
        PendingReduction(
          values: .gradients(values), tag: submitted, witness: witness, reducer: reducer, owner: self))
      submitted += 1
    }
  }

  /// Sleeps until every bucket is reduced.
  ///
  /// - Returns: the seconds it had to sleep: communication that computing did not hide.
  public func wait() throws(CommunicationError) -> Double {
    precondition(phase == .running && watermark == buckets.count, "backward has not made every gradient ready")
    phase = .failed
    let start = Timeline.now
    try thread.wait(for: submissions[submissions.count - 1]!)
    phase = .idle
    thread.communicator.activity.note(StepSpan.waiting.name, from: start)
    return Double(Timeline.now - start) / 1e9
  }

  /// The gradient of the global batch, from `wait` until the next step begins.
  public var sum: UnsafeMutableBufferPointer<Real> {
    precondition(phase == .idle, "the gradient is not reduced yet")
    return UnsafeMutableBufferPointer(start: accumulator.sum, count: buckets.count)
  }

  public func state(ofBucket bucket: Int) -> BucketState {
    guard let number = submissions[bucket] else { return .cleared }
    switch thread.progress(of: number) {
    case .waiting: return .ready
    case .started: return .reducing
    case .finished: return .reduced
    }
  }
}
