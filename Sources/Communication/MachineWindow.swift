import CMPI

/// Memory that the ranks of one machine have in common: a part of each, which it has zeroed, at a page's start.
///
/// Unchecked: whose memory it is at which time is for those who share it to agree on.
final class MachineWindow: @unchecked Sendable {
  /// Every rank's part as this one sees it, by its local number.
  let parts: [UnsafeMutableRawPointer]
  private var window: MPI_Win?

  private static let page = 4096

  /// Every rank of `machine` calls it, with as many bytes.
  init(_ machine: MPI_Comm?, bytes: Int, rank: Int, localRank: Int, localSize: Int) throws(CommunicationError) {
    let size = Self.taken(bytes: bytes)
    var own: UnsafeMutableRawPointer?
    var window: MPI_Win?
    try MPICommunicator.check(
      MPI_Win_allocate_shared(size, 1, cmpi_info_null(), machine, &own, &window), "MPI_Win_allocate_shared", rank: rank)
    var parts: [UnsafeMutableRawPointer] = []
    for local in 0..<localSize {
      var (length, unit, start) = (MPI_Aint(0), Int32(0), UnsafeMutableRawPointer?.none)
      try MPICommunicator.check(
        MPI_Win_shared_query(window, Int32(local), &length, &unit, &start), "MPI_Win_shared_query", rank: rank)
      // The whole lies at a page's start in every rank's view, so that all find the same place.
      parts.append(start!.alignedUp(toMultipleOf: Self.page))
    }
    parts[localRank].initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
    self.parts = parts
    self.window = window
  }

  /// Bytes that a rank's part takes of /dev/shm.
  static func taken(bytes: Int) -> Int { (bytes + page - 1) / page * page + page }

  /// Every rank of the machine calls it.
  func free() { MPI_Win_free(&window) }
}
