import Platform

/// Something wrong with the data: the program ends with exit code 4 and this message.
public struct DataError: FileFailure, ExitCodeError, Equatable, CustomStringConvertible {
  /// The file, or the sample's name, and its index where there is one.
  public let place: String
  public let problem: String

  public var exitCode: ExitCode { .data }

  public init(_ place: String, _ problem: String) {
    self.place = place
    self.problem = problem
  }

  public var description: String { "\(place): \(problem)" }
}
