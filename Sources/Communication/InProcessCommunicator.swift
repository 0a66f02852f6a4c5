import Platform
import Tensors

#if canImport(Glibc)
  import Glibc
#endif

/// One of the ranks of a run whose ranks are threads of this process: for tests and for sanitizers.
///
/// Every message is copied through a mailbox, one for each pair of ranks and direction. Where MPI would wait for ever
/// (a rank that has gone), this throws.
public final class InProcessCommunicator: Communicator {
  public let rank: Int
  public let worldSize: Int
  public var localRank: Int { rank }
  public var localSize: Int { worldSize }
  public let activity = Activity()
  private let world: Monitor<World>
  private let machine: @Sendable (Int) -> Int
  /// What this rank sees of others' memory.
  private let shared = Monitor<[SharedMemory]>([])

  private struct Message: Sendable {
    let header: ExchangeHeader
    let bytes: [UInt8]
  }

  private struct World: Sendable {
    /// Messages under way, by sender × worldSize + receiver; oldest first.
    var mailboxes: [[Message]]
    var abortedBy: Int?
    /// Every rank's: a rank that has failed takes none away from those who still read it.
    var memory: [SharedMemory] = []
  }

  private let statuses: Monitor<InProcessStatusChannel.World>

  private init(
    rank: Int, worldSize: Int, machine: @escaping @Sendable (Int) -> Int, world: Monitor<World>,
    statuses: Monitor<InProcessStatusChannel.World>
  ) {
    self.rank = rank
    self.worldSize = worldSize
    self.machine = machine
    self.world = world
    self.statuses = statuses
  }

  /// The ranks 0..<size of one run, each for a thread of its own.
  ///
  /// - Parameter machine: which ranks share memory: those for which it gives the same.
  public static func world(
    size: Int, machine: @escaping @Sendable (Int) -> Int = { _ in 0 }
  ) -> [InProcessCommunicator] {
    precondition(size >= 1)
    let world = Monitor(World(mailboxes: Array(repeating: [], count: size * size)))
    let statuses = Monitor(InProcessStatusChannel.World(size: size))
    return (0..<size).map {
      InProcessCommunicator(rank: $0, worldSize: size, machine: machine, world: world, statuses: statuses)
    }
  }

  public func exchange(
    _ outgoing: UnsafeRawBufferPointer, _ incoming: UnsafeMutableRawBufferPointer, _ label: ExchangeLabel, partner: Int
  ) throws(CommunicationError) -> UInt64 {
    precondition(partner != rank)
    activity.beginExchange(label, with: partner, sent: outgoing.count, awaited: incoming.count)
    defer { activity.endExchange() }
    let header = ExchangeHeader(label, step: activity.step, count: outgoing.count, awaited: incoming.count)
    let message = Message(header: header, bytes: Array(outgoing))
    world.update { $0.mailboxes[rank * worldSize + partner].append(message) }
    let theirs = try receive(from: partner, during: label)
    try theirs.header.check(own: header, rank: rank, partner: partner)
    incoming.copyBytes(from: theirs.bytes)
    return theirs.header.witness
  }

  public func shareMemory(bytes: Int) throws(CommunicationError) -> SharedMemory {
    let own = SharedMemory(count: bytes)
    world.update { $0.memory.append(own) }
    let address = UInt64(UInt(bitPattern: own.bytes.baseAddress!))
    let addresses = try allGather(withUnsafeBytes(of: address) { Array($0) }).map { bytes in
      bytes.withUnsafeBytes { UnsafeMutableRawPointer(bitPattern: UInt($0.loadUnaligned(as: UInt64.self))) }
    }
    let seen = SharedMemory(
      own.bytes, parts: addresses.enumerated().map { machine($0.offset) == machine(rank) ? $0.element : nil })
    shared.update { $0.append(seen) }
    return seen
  }

  public func counterpart(of address: UnsafeMutableRawPointer, at partner: Int) -> UnsafeMutableRawPointer? {
    shared.read { $0.lazy.compactMap { $0.counterpart(of: address, at: partner) }.first }
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

  public func makeStatusChannel() -> any StatusChannel { InProcessStatusChannel(rank: rank, world: statuses) }

  public func finalize() {}

  /// Makes every rank that waits, or comes to wait, for a message that has not been sent throw instead.
  public func abort(code: Int32) {
    world.update { $0.abortedBy = $0.abortedBy ?? rank }
  }

  private func receive(from sender: Int, during label: ExchangeLabel) throws(CommunicationError) -> Message {
    try world.wait { world throws(CommunicationError) -> Message? in
      let mailbox = sender * worldSize + rank
      if !world.mailboxes[mailbox].isEmpty { return world.mailboxes[mailbox].removeFirst() }
      if let aborter = world.abortedBy {
        throw .callFailed(rank: rank, call: "\(label.operation)", cause: "rank \(aborter) has ended the run")
      }
      return nil
    }
  }
}
