/// Everything that is wrong with a configuration, at once: exit code 3 and this message.
public struct ConfigurationError: Error, Sendable, Equatable, CustomStringConvertible {
  public struct Problem: Sendable, Equatable, CustomStringConvertible {
    /// Where to look: `lspet.yaml:12`, `--set data.path`, or the file alone.
    public let place: String
    public let text: String

    public var description: String { "\(place): \(text)" }
  }

  /// In the order of the file's lines, then those of `--set`, then those of no line.
  public let problems: [Problem]

  public init(_ problems: [Problem]) { self.problems = problems }

  init(_ place: String, _ text: String) { problems = [Problem(place: place, text: text)] }

  public var description: String { problems.map(\.description).joined(separator: "\n") }
}
