import CMPI

#if canImport(Glibc)
  import Glibc
#endif

/// Semaphores in memory that the ranks of one machine share: who comes to an exchange leaves its header at its partner's
/// door and rings, and who waits there sleeps until then. Looking for a partner again and again would take time of a core
/// that computes.
///
/// Unchecked: a semaphore is made to be used by several at once; all else belongs to the one thread that is inside a call
/// of the communicator.
final class Doorbells: @unchecked Sendable {
  /// Where each rank of this machine, by its local number, has its door: a bell, and two letters, for each who may come.
  private let window: MachineWindow
  private let localRank: Int
  /// How often each has been met.
  private var meetings: [Int]

  /// Bytes from a visitor's bell to its first letter, and from one letter to the next: nobody's ringing disturbs others.
  private static let line = 128
  /// Nanoseconds to look back to back for a partner who is just as far, before going to sleep.
  private static let spin: UInt64 = 20_000

  /// Every rank of `machine` calls it.
  init(_ machine: MPI_Comm?, rank: Int, localRank: Int, localSize: Int) throws(CommunicationError) {
    precondition(MemoryLayout<ExchangeHeader>.size <= Self.line && MemoryLayout<sem_t>.size <= Self.line)
    self.localRank = localRank
    meetings = Array(repeating: 0, count: localSize)
    window = try MachineWindow(
      machine, bytes: 3 * Self.line * localSize, rank: rank, localRank: localRank, localSize: localSize)
    for local in 0..<localSize {
      guard sem_init(bell(of: localRank, visitor: local), 1, 0) == 0 else {
        throw .callFailed(rank: rank, call: "sem_init", cause: String(cString: strerror(errno)))
      }
    }
    // Nobody rings before all bells hang.
    try MPICommunicator.check(MPI_Barrier(machine), "MPI_Barrier", rank: rank)
  }

  private func bell(of local: Int, visitor: Int) -> UnsafeMutablePointer<sem_t> {
    (window.parts[local] + 3 * Self.line * visitor).assumingMemoryBound(to: sem_t.self)
  }

  /// The letter that goes with a visitor's ringing at the `meeting`th time. Two in turn: who leaves the next but one has
  /// been answered the next, and whoever answered had read this one.
  private func letter(at local: Int, visitor: Int, meeting: Int) -> UnsafeMutableRawPointer {
    window.parts[local] + Self.line * (3 * visitor + 1 + meeting % 2)
  }

  /// Tells the rank with that local number that this one is there, and for what; returns when that one has done so too.
  func meet(_ local: Int, _ header: ExchangeHeader) -> ExchangeHeader {
    let meeting = meetings[local]
    meetings[local] += 1
    letter(at: local, visitor: localRank, meeting: meeting).storeBytes(of: header, as: ExchangeHeader.self)
    sem_post(bell(of: local, visitor: localRank))
    let bell = bell(of: localRank, visitor: local)
    let start = Timeline.now
    var isThere = false
    while !isThere && Timeline.now - start < Self.spin { isThere = sem_trywait(bell) == 0 }
    // A signal's handler may have run in between.
    while !isThere { isThere = sem_wait(bell) == 0 }
    return letter(at: localRank, visitor: local, meeting: meeting).load(as: ExchangeHeader.self)
  }

  /// Every rank of the machine calls it.
  func takeDown() { window.free() }
}
