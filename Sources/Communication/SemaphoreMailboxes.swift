import CMPI

#if canImport(Glibc)
  import Glibc
#endif

/// Semaphores and mailboxes in memory that the ranks of one machine share. A rank that begins an exchange writes its header
/// to its partner's mailbox and posts the semaphore; a rank that waits sleeps on it. Polling for a partner would take time
/// of a core that computes.
///
/// Unchecked: a semaphore is made to be used by several at once; all else belongs to the one thread that is inside a call
/// of the communicator.
final class SemaphoreMailboxes: @unchecked Sendable {
  /// Each rank of this machine, by its local number, has a semaphore and two mailboxes for each partner.
  private let window: MachineWindow
  private let localRank: Int
  /// Exchanges with each partner so far.
  private var exchanges: [Int]

  /// Bytes from a partner's semaphore to its first mailbox, and from one to the next: no two share a cache line.
  private static let line = 128
  /// Nanoseconds to poll back to back for a partner that is at the same point, before going to sleep.
  private static let spin: UInt64 = 20_000

  /// Every rank of `machine` calls it.
  init(_ machine: MPI_Comm?, rank: Int, localRank: Int, localSize: Int) throws(CommunicationError) {
    precondition(MemoryLayout<ExchangeHeader>.size <= Self.line && MemoryLayout<sem_t>.size <= Self.line)
    self.localRank = localRank
    exchanges = Array(repeating: 0, count: localSize)
    window = try MachineWindow(
      machine, bytes: Self.bytes(localSize: localSize), rank: rank, localRank: localRank, localSize: localSize)
    for local in 0..<localSize {
      guard sem_init(semaphore(of: localRank, partner: local), 1, 0) == 0 else {
        throw .callFailed(rank: rank, call: "sem_init", cause: String(cString: strerror(errno)))
      }
    }
    // No rank posts before all semaphores are initialised.
    try MPICommunicator.check(MPI_Barrier(machine), "MPI_Barrier", rank: rank)
  }

  /// Bytes of a rank's part of the window.
  static func bytes(localSize: Int) -> Int { 3 * line * localSize }

  private func semaphore(of local: Int, partner: Int) -> UnsafeMutablePointer<sem_t> {
    (window.parts[local] + 3 * Self.line * partner).assumingMemoryBound(to: sem_t.self)
  }

  /// The mailbox for a partner's header in its exchange of that number. Double-buffered: a mailbox is reused only after the
  /// exchange in between.
  private func mailbox(at local: Int, partner: Int, exchange: Int) -> UnsafeMutableRawPointer {
    window.parts[local] + Self.line * (3 * partner + 1 + exchange % 2)
  }

  /// Sends a header to the rank with that local number, and waits for its header.
  func exchange(_ header: ExchangeHeader, with local: Int) -> ExchangeHeader {
    let exchange = exchanges[local]
    exchanges[local] += 1
    mailbox(at: local, partner: localRank, exchange: exchange).storeBytes(of: header, as: ExchangeHeader.self)
    sem_post(semaphore(of: local, partner: localRank))
    let semaphore = semaphore(of: localRank, partner: local)
    let start = Timeline.now
    var isThere = false
    while !isThere && Timeline.now - start < Self.spin { isThere = sem_trywait(semaphore) == 0 }
    // A signal's handler may have run in between.
    while !isThere { isThere = sem_wait(semaphore) == 0 }
    return mailbox(at: localRank, partner: local, exchange: exchange).load(as: ExchangeHeader.self)
  }

  /// Every rank of the machine calls it.
  func free() { window.free() }
}
