import Glibc

/// A regular file of a checkpoint being read, every call checked.
final class InputFile: Sendable {
  let path: String
  let count: Int
  private let descriptor: Int32

  init(_ path: String) throws(CheckpointError) {
    self.path = path
    // Without O_NONBLOCK, opening a pipe that nobody writes to would wait for ever.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw Self.failure(path, "open it") }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw CheckpointError(path, "is not a file")
    }
    self.descriptor = descriptor
    count = Int(status.st_size)
  }

  deinit { close(descriptor) }

  private static func failure(_ path: String, _ operation: String) -> CheckpointError {
    CheckpointError(path, "cannot \(operation): \(String(cString: strerror(errno)))")
  }

  /// Fills `bytes` from `offset` on.
  func read(into bytes: UnsafeMutableRawBufferPointer, at offset: Int) throws(CheckpointError) {
    var done = 0
    while done < bytes.count {
      let got = pread(descriptor, bytes.baseAddress! + done, bytes.count - done, off_t(offset + done))
      if got < 0 {
        if errno == EINTR { continue }
        throw Self.failure(path, "read it")
      }
      guard got > 0 else { throw CheckpointError(path, "ends at byte \(offset + done)") }
      done += got
    }
  }

  /// `count` bytes from `offset` on; the caller has bounded `count`.
  func read(_ count: Int, at offset: Int) throws(CheckpointError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    let outcome = bytes.withUnsafeMutableBytes { buffer -> Result<Void, CheckpointError> in
      do throws(CheckpointError) { return .success(try read(into: buffer, at: offset)) } catch {
        return .failure(error)
      }
    }
    try outcome.get()
    return bytes
  }

  /// The whole file, refused where it is larger than `limit` bytes.
  func readAll(limit: Int) throws(CheckpointError) -> [UInt8] {
    guard count <= limit else { throw CheckpointError(path, "is larger than \(limit) bytes") }
    return try read(count, at: 0)
  }

  /// Hands `range` of the file to `body` a piece at a time.
  func forEachPiece(
    of range: Range<Int>, _ body: (UnsafeRawBufferPointer) -> Void
  ) throws(CheckpointError) {
    let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
    defer { piece.deallocate() }
    var offset = range.lowerBound
    while offset < range.upperBound {
      let part = UnsafeMutableRawBufferPointer(rebasing: piece.prefix(range.upperBound - offset))
      try read(into: part, at: offset)
      body(UnsafeRawBufferPointer(part))
      offset += part.count
    }
  }

  /// The SHA-256 of the file, in hexadecimal.
  func digest() throws(CheckpointError) -> String {
    let hasher = SHA256()
    try forEachPiece(of: 0..<count) { hasher.update($0) }
    return hasher.finish()
  }
}
