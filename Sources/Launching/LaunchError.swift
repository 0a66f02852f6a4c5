/// What cannot be started as it is asked for: arguments, a hostfile, an mpirun, hosts that do not fit together. Exit code 2.
public struct LaunchError: Error, Sendable, Equatable, CustomStringConvertible {
  public let description: String
  public init(_ description: String) { self.description = description }
}
