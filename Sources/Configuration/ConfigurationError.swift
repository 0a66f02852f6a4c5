import Platform

/// Everything that is wrong with a configuration, at once: exit code 3 and this message.
public struct ConfigurationError: FileFailure, ExitCodeError, Equatable, CustomStringConvertible {
  public struct Problem: Sendable, Equatable, CustomStringConvertible {
    /// Where to look: `lspet.yaml:12`, `--set data.path`, or the file alone.
    public let place: String
    public let text: String

    public var description: String { "\(place): \(text)" }
  }

  /// In the order of the file's lines, then those of `--set`, then those of no line.
  public let problems: [Problem]

  public var exitCode: ExitCode { .configuration }

  public init(_ problems: [Problem]) { self.problems = problems }

  public init(_ place: String, _ text: String) { problems = [Problem(place: place, text: text)] }

  public var description: String { problems.map(\.description).joined(separator: "\n") }
}
