import Glibc

/// A file being written, with every write, flush and close checked, and its SHA-256 taken on the way.
final class OutputFile {
  private let path: String
  private var descriptor: Int32
  private let hasher = SHA256()
  /// Bytes not yet handed to the system: the many small tensors of a state go in few calls.
  private var pending: [UInt8] = []
  private static let piece = 1 << 20

  /// Makes the file; one that is already there is an error.
  init(creating path: String) throws(FileSystemError) {
    self.path = path
    descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw FileSystemError(path, cannot: "make it", errno: errno) }
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
  }

  func write(_ bytes: UnsafeRawBufferPointer) throws(FileSystemError) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let part = rest.prefix(Self.piece - pending.count)
      pending.append(contentsOf: part)
      rest = rest.dropFirst(part.count)
      if pending.count == Self.piece { try flush() }
    }
  }

  private func flush() throws(FileSystemError) {
    let outcome = pending.withUnsafeBytes { bytes -> Result<Void, FileSystemError> in
      hasher.update(bytes)
      do throws(FileSystemError) {
        return .success(try Self.writeAll(bytes, to: descriptor, path: path))
      } catch {
        return .failure(error)
      }
    }
    pending.removeAll(keepingCapacity: true)
    try outcome.get()
  }

  func write(_ bytes: [UInt8]) throws(FileSystemError) {
    let outcome = bytes.withUnsafeBytes { buffer -> Result<Void, FileSystemError> in
      do throws(FileSystemError) { return .success(try write(buffer)) } catch { return .failure(error) }
    }
    try outcome.get()
  }

  /// Flushes the file to the disk and closes it; the SHA-256 of what was written, in hexadecimal.
  func finish() throws(FileSystemError) -> String {
    try flush()
    guard fsync(descriptor) == 0 else { throw FileSystemError(path, cannot: "flush it", errno: errno) }
    let closing = descriptor
    descriptor = -1
    guard close(closing) == 0 else { throw FileSystemError(path, cannot: "close it", errno: errno) }
    return hasher.finish()
  }

  static func writeAll(
    _ bytes: UnsafeRawBufferPointer, to descriptor: Int32, path: String
  ) throws(FileSystemError) {
    var written = 0
    while written < bytes.count {
      let count = Glibc.write(descriptor, bytes.baseAddress! + written, bytes.count - written)
      if count < 0 {
        if errno == EINTR { continue }
        throw FileSystemError(path, cannot: "write", errno: errno)
      }
      written += count
    }
  }
}
