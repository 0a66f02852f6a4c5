import Glibc
import Platform

/// `log.jsonl`: one JSON object a line, in the order things happened.
///
/// Numbers round-trip exactly; those that are not finite are written as `JSONValue` says. Each line is handed to the
/// system whole, so that a run that dies leaves at most its last line in parts, which `truncate` removes.
/// Lines are added by one thread; any may synchronize.
public final class RunLog: Sendable {
  public let path: String
  private let descriptor: Descriptor

  /// Opens the log to be added to, and makes it where it is missing.
  public init(_ path: String) throws(FileSystemError) {
    self.path = path
    descriptor = try Descriptor(path, .appending, .anything, orThrow: FileSystemError.self)
  }

  public func append(_ line: JSONObject) throws(FileSystemError) {
    let bytes = Array((line.text + "\n").utf8)
    let outcome = bytes.withUnsafeBytes { buffer in
      Result { () throws(FileSystemError) in
        try descriptor.write(buffer, path: path, orThrow: FileSystemError.self)
      }
    }
    try outcome.get()
  }

  /// Makes what was appended outlast a loss of power; called before a checkpoint is written, so that no checkpoint is
  /// ahead of its log.
  public func synchronize() throws(FileSystemError) {
    guard fsync(descriptor.number) == 0 else { throw FileSystemError(path, "cannot be flushed", errno: errno) }
  }
}
