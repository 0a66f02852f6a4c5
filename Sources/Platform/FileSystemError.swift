/// A file or directory that cannot be made, written, replaced or locked: exit code 6 and this message.
public struct FileSystemError: FileFailure, ExitCodeError, Equatable, CustomStringConvertible {
  public let path: String
  public let problem: String

  public var exitCode: ExitCode { .fileSystem }

  public init(_ path: String, _ problem: String) {
    self.path = path
    self.problem = problem
  }

  public var description: String { "\(path): \(problem)" }
}
