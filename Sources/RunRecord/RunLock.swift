import Glibc
import Tensors

/// Keeps a second run out of a run's directory, for as long as this object lives or the process does.
///
/// An advisory lock of the kernel's on `run.lock`: it cannot outlive its holder, so a run that was killed leaves
/// nothing to clean up. The file says who holds it.
public final class RunLock: Sendable {
  public static let fileName = "run.lock"

  private let descriptor: Int32

  public init(directory: String) throws(FileSystemError) {
    let path = "\(directory)/\(Self.fileName)"
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o666)
    guard descriptor >= 0 else { throw FileSystemError(path, cannot: "make it", errno: errno) }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let code = errno
      defer { close(descriptor) }
      guard code == EWOULDBLOCK else { throw FileSystemError(path, cannot: "lock it", errno: code) }
      throw FileSystemError(directory, "another run is using it: \(Self.holder(descriptor))")
    }
    let text = Array("host \(Host.name) pid \(getpid())\n".utf8)
    let written = text.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
    guard written == text.count, ftruncate(descriptor, off_t(text.count)) == 0 else {
      let code = errno
      close(descriptor)
      throw FileSystemError(path, cannot: "write", errno: code)
    }
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }

  private static func holder(_ descriptor: Int32) -> String {
    var bytes = [UInt8](repeating: 0, count: 512)
    let count = pread(descriptor, &bytes, bytes.count, 0)
    let text = String(decoding: bytes.prefix(max(0, count)).prefix { $0 >= 0x20 && $0 < 0x7F }, as: UTF8.self)
    return text.isEmpty ? "it does not say which" : text
  }
}
