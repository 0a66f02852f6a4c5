import Glibc

/// A file being read, every call checked. What is wrong with it is thrown as its reader's own kind of error.
public final class InputFile<Failure: FileFailure>: Sendable {
  public let path: String
  /// Bytes of a regular file when it was opened.
  public let count: Int
  private let descriptor: Descriptor

  public init(_ path: String, _ rules: Descriptor.Rules = Descriptor.Rules()) throws(Failure) {
    self.path = path
    descriptor = try Descriptor(path, .reading, rules, orThrow: Failure.self)
    var status = stat()
    guard fstat(descriptor.number, &status) == 0 else { throw Failure(path, "cannot be examined", errno: errno) }
    count = Int(status.st_size)
  }

  /// Fills `bytes` from `offset` on.
  public func read(into bytes: UnsafeMutableRawBufferPointer, at offset: Int) throws(Failure) {
    var done = 0
    while done < bytes.count {
      let got = pread(descriptor.number, bytes.baseAddress! + done, bytes.count - done, off_t(offset + done))
      if got < 0 && errno == EINTR { continue }
      guard got >= 0 else { throw Failure(path, "cannot be read", errno: errno) }
      guard got > 0 else { throw Failure(path, "ends at byte \(offset + done)") }
      done += got
    }
  }

  /// `count` bytes from `offset` on; the caller has bounded `count`.
  public func read(_ count: Int, at offset: Int) throws(Failure) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    let outcome = bytes.withUnsafeMutableBytes { buffer in
      Result { () throws(Failure) in try read(into: buffer, at: offset) }
    }
    try outcome.get()
    return bytes
  }

  /// Everything up to the end, which a pipe or a file of the kernel's has too; refused if it is more than `limit` bytes.
  public func readAll(limit: Int) throws(Failure) -> [UInt8] {
    guard count <= limit else { throw Failure(path, "has \(count) bytes, more than the \(limit) allowed") }
    var bytes: [UInt8] = []
    var wanted = max(count, 4096) + 1
    while true {
      var code: Int32 = 0
      let piece = [UInt8](unsafeUninitializedCapacity: wanted) { memory, filled in
        while filled < wanted {
          let got = Glibc.read(descriptor.number, memory.baseAddress! + filled, wanted - filled)
          if got < 0 && errno == EINTR { continue }
          if got < 0 { code = errno }
          if got <= 0 { return }
          filled += got
        }
      }
      guard code == 0 else { throw Failure(path, "cannot be read", errno: code) }
      if bytes.isEmpty { bytes = piece } else { bytes += piece }
      guard bytes.count <= limit else { throw Failure(path, "has more than the \(limit) bytes allowed") }
      if piece.count < wanted { return bytes }
      wanted = min(max(wanted, 1 << 16), limit - bytes.count + 1)
    }
  }

  /// Hands `range` of the file to `body` a piece at a time.
  public func forEachPiece(of range: Range<Int>, _ body: (UnsafeRawBufferPointer) -> Void) throws(Failure) {
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
  public func digest() throws(Failure) -> String {
    let hasher = SHA256()
    try forEachPiece(of: 0..<count) { hasher.update($0) }
    return hasher.finish()
  }
}
