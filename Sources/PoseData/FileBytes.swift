#if canImport(Glibc)
  import Glibc
#endif

/// Whole files in and out, every call checked.
enum FileBytes {
  /// Reads a regular file of at most `limit` bytes.
  static func read(_ path: String, limit: Int) throws(DataError) -> [UInt8] {
    // Not blocking: a pipe of that name would otherwise hold the run for ever.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw DataError(path, "cannot be opened: \(reason())") }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw DataError(path, "cannot be examined: \(reason())") }
    guard status.st_mode & S_IFMT == S_IFREG else { throw DataError(path, "is not a regular file") }
    let size = Int(status.st_size)
    guard size <= limit else { throw DataError(path, "has \(size) bytes, more than the \(limit) allowed") }
    var cause: Int32 = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: size) { memory, count in
      while count < size {
        let got = Glibc.read(descriptor, memory.baseAddress! + count, size - count)
        if got < 0 && errno == EINTR { continue }
        if got < 0 { cause = errno }
        if got <= 0 { return }
        count += got
      }
    }
    guard cause == 0 else { throw DataError(path, "cannot be read: \(reason(cause))") }
    return bytes
  }

  /// Replaces a file; an incomplete one is removed, unless what was written to is no regular file: a device, a pipe.
  static func write(_ bytes: [UInt8], to path: String) throws(DataError) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw DataError(path, "cannot be created: \(reason())") }
    var status = stat()
    let isRegular = fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    var cause: Int32 = 0
    bytes.withUnsafeBytes { memory in
      var done = 0
      while done < memory.count {
        let put = Glibc.write(descriptor, memory.baseAddress! + done, memory.count - done)
        if put < 0 && errno == EINTR { continue }
        if put <= 0 {
          cause = put < 0 ? errno : EIO
          return
        }
        done += put
      }
    }
    if close(descriptor) != 0 && cause == 0 { cause = errno }
    guard cause == 0 else {
      if isRegular { unlink(path) }
      throw DataError(path, "cannot be written: \(reason(cause))")
    }
  }

  private static func reason(_ code: Int32 = errno) -> String { String(cString: strerror(code)) }
}
