import Platform

#if canImport(Glibc)
  import Glibc
#endif

/// The directory of the files through which Open MPI's ranks on one host share memory: its own queues, and windows.
///
/// Open MPI takes /dev/shm if it can write there. It compares each file's size with the free space, but a file takes
/// space only when it is written to, and a write without space ends the process by SIGBUS. If /dev/shm has too little
/// space for all ranks, files go to the directory for temporary files.
struct BackingDirectory: Sendable, Equatable {
  let path: String

  /// Bytes that are left for others, and bytes of Open MPI's own queue of each rank.
  private static let reserve = 16 << 20
  private static let queue = 4 << 20
  /// Where Open MPI is told the directory: of its queues, and of windows.
  private static let queueVariable = "OMPI_MCA_btl_vader_backing_directory"
  private static let windowVariable = "OMPI_MCA_osc_sm_backing_directory"
  private static let memory = "/dev/shm"

  /// Chooses the directory for `localSize` ranks and tells Open MPI, which is not initialised yet; what the user has
  /// chosen stays.
  static func choose(localSize: Int) -> BackingDirectory {
    let temporary = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    if isWritable, free(memory) < queues(localSize) {
      setenv(queueVariable, temporary, 0)
      setenv(windowVariable, temporary, 0)
    }
    let chosen = getenv(windowVariable).map { String(cString: $0) }
    return BackingDirectory(path: chosen ?? (isWritable ? memory : temporary))
  }

  /// Whether there is room for a window of a part of `bytes` for each of `localSize` ranks.
  ///
  /// Open MPI itself asks for a twentieth more than it takes.
  func hasRoom(parts localSize: Int, bytes: Int) -> Bool {
    let size = localSize * MachineWindow.taken(bytes: bytes)
    return access(path, W_OK) == 0 && Self.free(path) >= size + size / 16
  }

  /// Whether there is room for a long window, beside Open MPI's queues, in memory: files elsewhere are written to a disk.
  func hasMemory(parts localSize: Int, bytes: Int) -> Bool {
    guard path == Self.memory else { return false }
    let size = localSize * MachineWindow.taken(bytes: bytes)
    return Self.free(path) >= size + size / 16 + Self.queues(localSize)
  }

  /// Why ranks share no memory, and what helps.
  static var remedy: String {
    "\(memory) \(isWritable ? "has too little room" : "cannot be written to"), so ranks of this host send messages, which "
      + "is slower; mount -o remount,rw,size=1g \(memory), or docker run --shm-size=1g"
  }

  private static var isWritable: Bool { access(memory, W_OK) == 0 }

  private static func queues(_ localSize: Int) -> Int { max(reserve, localSize * queue) }

  private static func free(_ path: String) -> Int { FileSystem.freeBytes(at: path) ?? 0 }
}
