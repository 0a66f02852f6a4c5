import Platform

/// What cannot be started as it is asked for: arguments, a hostfile, an mpirun, hosts that do not fit together. Exit code 2.
public struct LaunchError: ExitCodeError, Sendable, Equatable, CustomStringConvertible {
  public let description: String
  public var exitCode: ExitCode { .usage }

  public init(_ description: String) { self.description = description }
}
