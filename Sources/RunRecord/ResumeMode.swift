/// Where a run begins: the argument of `--resume`.
public enum ResumeMode: Sendable, Equatable {
  /// From the newest good checkpoint in the run's directory; from the beginning where there is none.
  case auto
  /// From the beginning, in a directory that must be empty.
  case fresh
  /// From the checkpoint at a path: a run's directory or one checkpoint's.
  case path(String)

  public init(argument: String) {
    switch argument {
    case "auto": self = .auto
    case "none": self = .fresh
    default: self = .path(argument)
    }
  }
}
