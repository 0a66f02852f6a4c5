import Communication
import DataParallel
import Glibc
import Tensors

/// The checks, made by every rank; a check passes where it passes on every rank.
struct Checks {
  private let communicator: any Communicator
  private var passed = 0
  private var failed = 0

  /// Whether memory is to be shared.
  private let shares: Bool

  init(_ communicator: any Communicator, shares: Bool) {
    self.communicator = communicator
    self.shares = shares
  }

  private var rank: Int { communicator.rank }
  private var worldSize: Int { communicator.worldSize }

  private mutating func expect(_ holds: Bool, _ what: String) throws {
    let failures = try communicator.allGather([holds ? 0 : 1]).indices(where: { $0 != [0] })
    if failures.isEmpty {
      passed += 1
    } else {
      failed += 1
      if rank == 0 { print("FAILED on \(failures): \(what)") }
    }
  }

  /// Prints the result, once, and returns the number of failed checks.
  func report() -> Int {
    if rank == 0 { print("\(passed) passed, \(failed) failed") }
    return failed
  }

  mutating func messages() throws {
    try expect(communicator.localSize == worldSize && communicator.localRank == rank, "local rank and size")
    for count in [0, 1, 4096, 1 << 20, 5_000_001] {
      let partner = rank ^ 1
      let outgoing = Buffer<UInt8>(count: count)
      let incoming = Buffer<UInt8>(count: count)
      outgoing.values.update(repeating: UInt8(rank + 1))
      let witness = try communicator.exchange(
        UnsafeRawBufferPointer(outgoing.values), UnsafeMutableRawBufferPointer(incoming.values),
        ExchangeLabel("test", tag: 1, witness: UInt64(rank + 10)), partner: partner)
      try expect(incoming.values.allSatisfy { $0 == UInt8(partner + 1) }, "exchange of \(count) bytes")
      try expect(witness == UInt64(partner + 10), "the witness of an exchange of \(count) bytes")
    }
    let bytes = Buffer<UInt8>(count: 100_000)
    bytes.values.update(repeating: UInt8(rank))
    try communicator.broadcast(UnsafeMutableRawBufferPointer(bytes.values), root: worldSize - 1)
    try expect(bytes.values.allSatisfy { $0 == UInt8(worldSize - 1) }, "broadcast from the last rank")
    let gathered = try communicator.allGather([UInt8](repeating: UInt8(rank), count: 3 * rank))
    let expected = (0..<worldSize).map { [UInt8](repeating: UInt8($0), count: 3 * $0) }
    try expect(gathered == expected, "allGather of different lengths")
    try communicator.barrier()
    var values = [Real](repeating: Real(rank), count: 10)
    try values.withUnsafeMutableBufferPointer { try communicator.libraryAllReduce($0) }
    try expect(values == [Real](repeating: Real(worldSize * (worldSize - 1) / 2), count: 10), "the library's sum")
  }

  /// Who waits for a partner on the same machine sleeps until it comes; to look again and again would be to wake thousands
  /// of times.
  mutating func waiting() throws {
    let isLate = rank % 2 == 0
    let before = wakings
    if isLate { usleep(300_000) }
    _ = try communicator.exchange(
      UnsafeRawBufferPointer(start: nil, count: 0), UnsafeMutableRawBufferPointer(start: nil, count: 0),
      ExchangeLabel("waiting"), partner: rank ^ 1)
    let woken = wakings - before
    try expect(isLate || woken < 100, "a rank that waits sleeps: it woke \(woken) times")
  }

  /// How often this thread has given up its core of its own will.
  private var wakings: Int {
    var usage = rusage()
    getrusage(1, &usage)  // RUSAGE_THREAD
    return usage.ru_nvcsw
  }

  /// Partners in different places notice in that exchange, whatever they are about; with nothing to send, all can go on.
  mutating func headers() throws {
    let even = rank % 2 == 0
    communicator.activity.begin(step: 7)
    try differs(ExchangeLabel(even ? "generator" : "broadcast", tag: 3), "operations that differ")
    try differs(ExchangeLabel("generator", tag: even ? 3 : 4), "tags that differ")
    communicator.activity.begin(step: even ? 7 : 8)
    try differs(ExchangeLabel("generator", tag: 3), "steps that differ")
    communicator.activity.begin(step: 7)
  }

  private mutating func differs(_ label: ExchangeLabel, _ what: String) throws {
    var found: CommunicationError?
    do throws(CommunicationError) {
      _ = try communicator.exchange(
        UnsafeRawBufferPointer(start: nil, count: 0), UnsafeMutableRawBufferPointer(start: nil, count: 0), label,
        partner: rank ^ 1)
    } catch { found = error }
    var noticed = false
    if case .exchangeDiffers(rank, _, rank ^ 1, _) = found { noticed = true }
    communicator.activity.begin(step: 0)
    try expect(noticed, what)
  }

  mutating func tree() throws {
    for count in [1, 5, 1000, 16_384, 1_000_003] {
      let leaves = (0..<worldSize).map { roughValues(count, seed: UInt64($0)) }
      var values = leaves[rank]
      let reducer = TreeReducer(communicator, "test", largest: count * MemoryLayout<Real>.size)
      try values.withUnsafeMutableBufferPointer { try reducer.reduce($0, witness: 1) }
      try expect(sameBits(values, treeSum(leaves[...])), "the tree's bits for \(count) elements")
      let memory = try communicator.shareMemory(bytes: count * MemoryLayout<Real>.size)
      let shared = memory.bytes.assumingMemoryBound(to: Real.self)
      let isSeen = communicator.counterpart(of: memory.bytes.baseAddress!, at: rank ^ 1) != nil
      try expect(isSeen == shares, "whether memory is shared")
      _ = shared.update(from: leaves[rank])
      try reducer.reduce(shared, witness: 1)
      try expect(sameBits(Array(shared), treeSum(leaves[...])), "the tree's bits for \(count) shared elements")
    }
  }

  mutating func gradients() throws {
    let shards = 8
    let count = 70_001
    let leaves = (0..<shards).map { roughValues(count, seed: UInt64(100 + $0)) }
    let plan = try ShardPlan(batch: shards, shards: shards, rank: rank, worldSize: worldSize)
    let thread = CommunicationThread(communicator)
    let reducer = try GradientReducer("test", count: count, plan: plan, thread: thread, bucketSize: .bytes(50_000))
    let losses = try ShardVector("losses", count: 2, plan: plan, thread: thread)
    for step in 0..<3 {
      reducer.beginStep(witness: UInt64(step))
      for (local, shard) in plan.localShards.enumerated() {
        let gradient = reducer.gradient(for: local)
        for index in 0..<count { gradient[index] = leaves[shard][index] }
        losses.slot(for: local)[0] = Double(leaves[shard][0])
        losses.slot(for: local)[1] = 1
        if local < plan.localShardCount - 1 { reducer.finishShard(local) }
      }
      for offset in stride(from: 10_000, to: count, by: 10_000) { reducer.markReady(through: offset) }
      reducer.markReady(through: count)
      let loss = try losses.reduce(witness: UInt64(step))
      _ = try reducer.wait()
      try expect(sameBits(Array(reducer.sum), treeSum(leaves[...])), "gradients of step \(step)")
      let expected = treeSum(leaves[...].map { [Double($0[0]), 1] }[...])
      try expect(Array(loss) == expected, "losses of step \(step)")
    }
  }

  mutating func replicas() throws {
    let last = worldSize - 1
    let digests = [ReplicaDigest(name: "first", 1), ReplicaDigest(name: "second", rank == last ? 2 : 3)]
    try ReplicaDigest.compare(Array(digests.prefix(1)), over: communicator)
    var found: CommunicationError?
    do throws(CommunicationError) { try ReplicaDigest.compare(digests, over: communicator) } catch { found = error }
    try expect(found == .replicasDiffer(tensor: "second", rank: worldSize == 2 ? 1 : last), "replicas that differ")
  }

  /// Every second rank holds another k_t: all notice in the first exchange, so that all can go on.
  mutating func witnesses() throws {
    var values = [Double](repeating: 1, count: 4)
    let reducer = TreeReducer(communicator, "test", largest: 32)
    let own = UInt64(rank % 2)
    var found: CommunicationError?
    do throws(CommunicationError) {
      let result = values.withUnsafeMutableBufferPointer { values in
        Result { () throws(CommunicationError) in try reducer.reduce(values, witness: own) }
      }
      try result.get()
    } catch { found = error }
    try expect(
      found == .witnessDiffers(rank: rank, own: own, partner: rank ^ 1, theirs: 1 - own), "witnesses that differ")
  }
}

private func roughValues(_ count: Int, seed: UInt64) -> [Real] {
  var random = CounterRandom(seed: seed, purpose: "rough values")
  return (0..<count).map { _ in
    let magnitude = Double(sign: .plus, exponent: random.integer(below: 41) - 20, significand: 1)
    return Real(random.uniform(-1, 1) * magnitude)
  }
}

private func treeSum<Number: FloatingPoint>(_ leaves: ArraySlice<[Number]>) -> [Number] {
  guard leaves.count > 1 else { return leaves.first! }
  let middle = leaves.startIndex + leaves.count / 2
  return zip(treeSum(leaves[..<middle]), treeSum(leaves[middle...])).map { $0 + $1 }
}

private func sameBits(_ left: [Real], _ right: [Real]) -> Bool {
  left.count == right.count && zip(left, right).allSatisfy { $0.bitPattern == $1.bitPattern }
}
