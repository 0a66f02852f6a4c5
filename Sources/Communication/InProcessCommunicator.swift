import Tensors

#if canImport(Glibc)
  import Glibc
#endif

/// One of the ranks of a run whose ranks are threads of this process: for tests and for sanitizers.
///
/// Every message is copied through a mailbox, one for each pair of ranks and direction. Where MPI would wait for ever
/// or lose data (other sizes, other tags, a rank that has gone), this throws.
public final class InProcessCommunicator: Communicator {
  public let rank: Int
  public let worldSize: Int
  public var localRank: Int { rank }
  public var localSize: Int { worldSize }
  private let world: Monitor<World>

  private struct Message: Sendable {
    let tag: Int32
    let witness: UInt64
    let bytes: [UInt8]
  }

  private struct World: Sendable {
    /// Messages under way, by sender × worldSize + receiver; oldest first.
    var mailboxes: [[Message]]
    var abortedBy: Int?
  }

  /// Tags of the collective calls; a caller's are not negative.
  private enum CollectiveTag {
    static let broadcast: Int32 = -1
    static let allGather: Int32 = -2
  }

  private init(rank: Int, worldSize: Int, world: Monitor<World>) {
    self.rank = rank
    self.worldSize = worldSize
    self.world = world
  }

  /// The ranks 0..<size of one run, each for a thread of its own.
  public static func world(size: Int) -> [InProcessCommunicator] {
    precondition(size >= 1)
    let world = Monitor(World(mailboxes: Array(repeating: [], count: size * size)))
    return (0..<size).map { InProcessCommunicator(rank: $0, worldSize: size, world: world) }
  }

  public func exchange(
    _ outgoing: UnsafeRawBufferPointer, _ incoming: UnsafeMutableRawBufferPointer, witness: UInt64, partner: Int,
    tag: Int32
  ) throws(CommunicationError) -> UInt64 {
    precondition(partner != rank && tag >= 0)
    send(Message(tag: tag, witness: witness, bytes: Array(outgoing)), to: partner)
    let message = try receive(from: partner, tag: tag, call: "exchange")
    try copy(message, into: incoming, from: partner, call: "exchange")
    return message.witness
  }

  public func broadcast(_ bytes: UnsafeMutableRawBufferPointer, root: Int) throws(CommunicationError) {
    guard rank != root else {
      let message = Message(tag: CollectiveTag.broadcast, witness: 0, bytes: Array(bytes))
      for other in 0..<worldSize where other != rank { send(message, to: other) }
      return
    }
    let message = try receive(from: root, tag: CollectiveTag.broadcast, call: "broadcast")
    try copy(message, into: bytes, from: root, call: "broadcast")
  }

  public func allGather(_ bytes: [UInt8]) throws(CommunicationError) -> [[UInt8]] {
    let message = Message(tag: CollectiveTag.allGather, witness: 0, bytes: bytes)
    for other in 0..<worldSize where other != rank { send(message, to: other) }
    var gathered: [[UInt8]] = []
    for other in 0..<worldSize {
      let own = other == rank
      gathered.append(
        own ? bytes : try receive(from: other, tag: CollectiveTag.allGather, call: "allGather").bytes)
    }
    return gathered
  }

  /// Sums from the first rank to the last: like a library's, not the tree's order.
  public func libraryAllReduce(_ values: UnsafeMutableBufferPointer<Real>) throws(CommunicationError) {
    let gathered = try allGather(Array(UnsafeRawBufferPointer(values)))
    for (other, bytes) in gathered.enumerated() {
      bytes.withUnsafeBytes { bytes in
        for (index, value) in bytes.bindMemory(to: Real.self).enumerated() {
          values[index] = other == 0 ? value : values[index] + value
        }
      }
    }
  }

  public func barrier() throws(CommunicationError) { _ = try allGather([]) }

  public func finalize() {}

  /// Makes every rank that waits, or comes to wait, for a message that has not been sent throw instead.
  public func abort(code: Int32) {
    world.update { $0.abortedBy = $0.abortedBy ?? rank }
  }

  private func send(_ message: Message, to receiver: Int) {
    world.update { $0.mailboxes[rank * worldSize + receiver].append(message) }
  }

  private func receive(from sender: Int, tag: Int32, call: String) throws(CommunicationError) -> Message {
    let message = try world.wait { world throws(CommunicationError) -> Message? in
      let mailbox = sender * worldSize + rank
      if !world.mailboxes[mailbox].isEmpty { return world.mailboxes[mailbox].removeFirst() }
      if let aborter = world.abortedBy {
        throw .callFailed(rank: rank, call: call, cause: "rank \(aborter) has ended the run")
      }
      return nil
    }
    guard message.tag == tag else {
      throw .callFailed(
        rank: rank, call: call, cause: "rank \(sender) sent a message of tag \(message.tag), not \(tag)")
    }
    return message
  }

  private func copy(
    _ message: Message, into bytes: UnsafeMutableRawBufferPointer, from sender: Int, call: String
  ) throws(CommunicationError) {
    guard message.bytes.count == bytes.count else {
      throw .callFailed(
        rank: rank, call: call, cause: "rank \(sender) sent \(message.bytes.count) bytes, not \(bytes.count)")
    }
    bytes.copyBytes(from: message.bytes)
  }
}
