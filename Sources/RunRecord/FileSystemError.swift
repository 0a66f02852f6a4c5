import Glibc

/// A file or directory that cannot be made, written, replaced or locked: exit code 6 and this message.
public struct FileSystemError: Error, Sendable, Equatable, CustomStringConvertible {
  public let path: String
  public let problem: String

  public init(_ path: String, _ problem: String) {
    self.path = path
    self.problem = problem
  }

  /// What `operation` on `path` failed with, in the system's words.
  init(_ path: String, cannot operation: String, errno code: Int32) {
    self.init(path, "cannot \(operation): \(String(cString: strerror(code)))")
  }

  public var description: String { "\(path): \(problem)" }
}
