import Platform

/// A checkpoint that cannot be read, is damaged, or does not fit what it is read into: exit code 5 and this message.
public struct CheckpointError: FileFailure, ExitCodeError, Equatable, CustomStringConvertible {
  /// The file or directory at fault.
  public let path: String
  /// The tensor at fault, where it is one.
  public let tensor: String?
  public let problem: String

  public var exitCode: ExitCode { .checkpoint }

  public init(_ path: String, _ problem: String) { self.init(path, tensor: nil, problem) }

  public init(_ path: String, tensor: String?, _ problem: String) {
    self.path = path
    self.tensor = tensor
    self.problem = problem
  }

  public var description: String {
    guard let tensor else { return "\(path): \(problem)" }
    return "\(path): tensor \(JSONValue.string(String(tensor.prefix(200))).text): \(problem)"
  }
}
