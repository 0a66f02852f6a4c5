import Glibc
import Platform

/// Keeps a second run out of a run's directory, for as long as this object lives or the process does.
///
/// An advisory lock of the kernel's on `run.lock`: it cannot outlive its holder, so a run that was killed leaves
/// nothing to clean up. The file says who holds it.
public final class RunLock: Sendable {
  public static let fileName = "run.lock"

  private let descriptor: Descriptor

  public init(directory: String) throws(FileSystemError) {
    let path = "\(directory)/\(Self.fileName)"
    descriptor = try Descriptor(
      path, .updating, Descriptor.Rules(followsLinks: false), orThrow: FileSystemError.self)
    guard flock(descriptor.number, LOCK_EX | LOCK_NB) == 0 else {
      guard errno == EWOULDBLOCK else { throw FileSystemError(path, "cannot be locked", errno: errno) }
      throw FileSystemError(directory, "another run is using it: \(Self.holder(descriptor.number))")
    }
    let text = Array("host \(Host.name) pid \(getpid())\n".utf8)
    let written = text.withUnsafeBytes { pwrite(descriptor.number, $0.baseAddress, $0.count, 0) }
    guard written == text.count, ftruncate(descriptor.number, off_t(text.count)) == 0 else {
      throw FileSystemError(path, "cannot be written", errno: errno)
    }
  }

  private static func holder(_ descriptor: Int32) -> String {
    var bytes = [UInt8](repeating: 0, count: 512)
    let count = pread(descriptor, &bytes, bytes.count, 0)
    let text = String(decoding: bytes.prefix(max(0, count)).prefix { $0 >= 0x20 && $0 < 0x7F }, as: UTF8.self)
    return text.isEmpty ? "it does not say which" : text
  }
}
