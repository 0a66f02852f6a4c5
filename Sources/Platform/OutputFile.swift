import Glibc

/// A file being written, with every write, flush and close checked, and its SHA-256 taken on the way.
public final class OutputFile {
  private let path: String
  private var descriptor: Descriptor?
  private let hasher = SHA256()
  /// Bytes not yet handed to the system: the many small tensors of a state go in few calls.
  private var pending: [UInt8] = []
  private static let piece = 1 << 20

  /// Makes the file; one that is already there is an error.
  public init(creating path: String) throws(FileSystemError) {
    self.path = path
    descriptor = try Descriptor(path, .creating, orThrow: FileSystemError.self)
  }

  /// Opens what is there and is written as it comes: a device or a pipe.
  init(through path: String) throws(FileSystemError) {
    self.path = path
    descriptor = try Descriptor(path, .writing, .anything, orThrow: FileSystemError.self)
  }

  public func write(_ bytes: UnsafeRawBufferPointer) throws(FileSystemError) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let part = rest.prefix(Self.piece - pending.count)
      pending.append(contentsOf: part)
      rest = rest.dropFirst(part.count)
      if pending.count == Self.piece { try flush() }
    }
  }

  public func write(_ bytes: [UInt8]) throws(FileSystemError) {
    let outcome = bytes.withUnsafeBytes { buffer in
      Result { () throws(FileSystemError) in try write(buffer) }
    }
    try outcome.get()
  }

  private func flush() throws(FileSystemError) {
    let outcome = pending.withUnsafeBytes { bytes in
      hasher.update(bytes)
      return Result { () throws(FileSystemError) in
        try descriptor!.write(bytes, path: path, orThrow: FileSystemError.self)
      }
    }
    pending.removeAll(keepingCapacity: true)
    try outcome.get()
  }

  /// Closes the file.
  ///
  /// - Parameter isDurable: whether it is flushed to the disk first, to outlast a loss of power.
  /// - Returns: the SHA-256 of what was written, in hexadecimal.
  @discardableResult
  public func finish(isDurable: Bool = true) throws(FileSystemError) -> String {
    try flush()
    guard let file = descriptor.take() else { preconditionFailure("\(path) is finished once") }
    if isDurable && fsync(file.number) != 0 { throw FileSystemError(path, "cannot be flushed", errno: errno) }
    let code = file.closed()
    guard code == 0 else { throw FileSystemError(path, "cannot be closed", errno: code) }
    return hasher.finish()
  }
}
