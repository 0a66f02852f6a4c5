import Glibc
import Platform

/// Keeps a second run out of a run's directory, for as long as this object lives or the process does.
///
/// An advisory lock of the kernel's on `run.lock`: it cannot outlive its holder, so a run that was killed leaves
/// nothing to clean up. The file says who holds it.
public final class RunLock: Sendable {
  public static let fileName = "run.lock"

  private let descriptor: Descriptor
  /// False on a file system without locks: then the file alone says that the directory is in use.
  public let isHeld: Bool

  public init(directory: String) throws(FileSystemError) {
    let path = "\(directory)/\(Self.fileName)"
    descriptor = try Descriptor(
      path, .updating, Descriptor.Rules(followsLinks: false), orThrow: FileSystemError.self)
    isHeld = flock(descriptor.number, LOCK_EX | LOCK_NB) == 0
    let code = errno
    let holder = Self.holder(descriptor.number)
    if !isHeld {
      if code == EWOULDBLOCK {
        throw FileSystemError(
          directory, "another run is using it: \(holder.isEmpty ? "it does not say which" : holder)")
      }
      guard [ENOSYS, EOPNOTSUPP, ENOLCK, EINVAL].contains(code) else {
        throw FileSystemError(path, "cannot be locked", errno: code)
      }
      guard !Self.isAlive(holder) else {
        throw FileSystemError(directory, "another run is using it: \(holder); if it is not, remove \(path)")
      }
    }
    let text = Array("host \(Host.name) pid \(getpid())\n".utf8)
    let written = text.withUnsafeBytes { pwrite(descriptor.number, $0.baseAddress, $0.count, 0) }
    guard written == text.count, ftruncate(descriptor.number, off_t(text.count)) == 0 else {
      throw FileSystemError(path, "cannot be written", errno: errno)
    }
  }

  deinit {
    // Without a lock the file would speak of a run that is gone.
    if !isHeld { ftruncate(descriptor.number, 0) }
  }

  private static func holder(_ descriptor: Int32) -> String {
    var bytes = [UInt8](repeating: 0, count: 512)
    let count = pread(descriptor, &bytes, bytes.count, 0)
    return String(decoding: bytes.prefix(max(0, count)).prefix { $0 >= 0x20 && $0 < 0x7F }, as: UTF8.self)
  }

  /// Whether a holder is a process of this machine that is still there; of other machines nothing is known.
  private static func isAlive(_ holder: String) -> Bool {
    let words = holder.split(separator: " ")
    guard words.count == 4, words[1] == Host.name, let id = pid_t(words[3]), id != getpid() else { return false }
    return kill(id, 0) == 0 || errno == EPERM
  }
}
