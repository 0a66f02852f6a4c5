import CMPI

#if canImport(Glibc)
  import Glibc
#endif

/// Semaphores in memory that the ranks of one machine share: who comes to an exchange rings at its partner's door, and
/// who waits there sleeps until then. Looking for a partner again and again would take time of a core that computes.
///
/// Unchecked: a semaphore is made to be used by several at once.
final class Doorbells: @unchecked Sendable {
  /// Where each rank of this machine, by its local number, has the bells of its door: one for each who may come.
  private var doors: [UnsafeMutableRawPointer] = []
  private let localRank: Int
  private var window: MPI_Win?

  /// Bytes from one bell to the next: a cache line, so that nobody's ringing disturbs others.
  private static let distance = 64

  /// Every rank of `machine` calls it.
  init(_ machine: MPI_Comm?, rank: Int, localRank: Int, localSize: Int) throws(CommunicationError) {
    self.localRank = localRank
    let size = Self.distance * localSize
    var own: UnsafeMutableRawPointer?
    try MPICommunicator.check(
      MPI_Win_allocate_shared(size, 1, cmpi_info_null(), machine, &own, &window), "MPI_Win_allocate_shared", rank: rank)
    for local in 0..<localSize {
      guard sem_init(Self.bell(own!, local), 1, 0) == 0 else {
        throw .callFailed(rank: rank, call: "sem_init", cause: String(cString: strerror(errno)))
      }
    }
    for local in 0..<localSize {
      var (bytes, unit, door) = (MPI_Aint(0), Int32(0), UnsafeMutableRawPointer?.none)
      try MPICommunicator.check(
        MPI_Win_shared_query(window, Int32(local), &bytes, &unit, &door), "MPI_Win_shared_query", rank: rank)
      doors.append(door!)
    }
    // Nobody rings before all bells hang.
    try MPICommunicator.check(MPI_Barrier(machine), "MPI_Barrier", rank: rank)
  }

  private static func bell(_ door: UnsafeMutableRawPointer, _ visitor: Int) -> UnsafeMutablePointer<sem_t> {
    (door + distance * visitor).assumingMemoryBound(to: sem_t.self)
  }

  /// Tells the rank with that local number that this one is there.
  func ring(at local: Int) { sem_post(Self.bell(doors[local], localRank)) }

  /// Returns when the rank with that local number has rung once more than has been waited for.
  ///
  /// - Parameter spin: nanoseconds to look back to back before it sleeps.
  func wait(for local: Int, spin: UInt64) {
    let bell = Self.bell(doors[localRank], local)
    let start = Timeline.now
    while Timeline.now - start < spin {
      if sem_trywait(bell) == 0 { return }
    }
    // A signal's handler may have run in between.
    while sem_wait(bell) != 0 {}
  }

  /// Every rank of the machine calls it.
  func takeDown() { MPI_Win_free(&window) }
}
