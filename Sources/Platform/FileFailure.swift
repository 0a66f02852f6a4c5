import Glibc

/// An error about one file. Each subject has its own (`DataError`, `CheckpointError`, `FileSystemError`), with its own
/// exit code; what is common to them throws the one that its caller names.
public protocol FileFailure: Error, Sendable {
  /// - Parameters:
  ///   - path: the file at fault.
  ///   - problem: what is wrong with it, as the end of a sentence that begins with its path.
  init(_ path: String, _ problem: String)
}

extension FileFailure {
  /// A call on `path` failed with the error number `code` of errno.h; `problem` says what could not be done, such as
  /// `cannot be opened`.
  public init(_ path: String, _ problem: String, errno code: Int32) {
    self.init(path, "\(problem): \(String(cString: strerror(code)))")
  }
}
