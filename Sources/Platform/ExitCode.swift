/// The code that the program leaves with, the same from every launcher.
///
/// A bare `mpirun` replaces it by its own (1, or 128 plus a signal's number); launch/* and `supervise` return the code
/// that rank 0 left.
public enum ExitCode: Int32, Sendable, CaseIterable {
  /// Everything that was asked for is done.
  case success = 0
  /// `doctor` found something that would hurt training, or two dumps differ.
  case trouble = 1
  /// The command line makes no sense.
  case usage = 2
  /// The configuration is refused.
  case configuration = 3
  /// An image, an annotation or a data set cannot be used.
  case data = 4
  /// No checkpoint that verifies, or one that does not fit the run.
  case checkpoint = 5
  /// A file or directory cannot be made, written or locked.
  case fileSystem = 6
  /// A loss or a gradient is not finite.
  case notFinite = 7
  /// Ranks hold different bits.
  case replicasDiffer = 8
  /// A rank is stuck or gone.
  case rankLost = 9
  /// Stopped by INT, after saving.
  case interrupted = 130
  /// Stopped by TERM, after saving.
  case terminated = 143
}

/// An error that knows the code with which the program ends after it.
public protocol ExitCodeError: Error {
  var exitCode: ExitCode { get }
}

extension ExitCode {
  /// The code for an error: its own, and that of the file system for what the system's libraries throw.
  public init(for error: any Error) {
    self = (error as? any ExitCodeError)?.exitCode ?? .fileSystem
  }
}
