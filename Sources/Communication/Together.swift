import Platform

/// Work that must succeed on every rank or on none: where it fails, one rank says why, and all end with its code.
public enum Together {
  /// Runs `work` on every rank. Where it fails on any, the first such rank throws its error, and the others
  /// `FailedElsewhere`.
  public static func everywhere<Result>(_ communicator: any Communicator, _ work: () throws -> Result) throws -> Result
  {
    let outcome = Swift.Result { try work() }
    var failure: (any Error)?
    if case .failure(let error) = outcome { failure = error }
    let codes = try communicator.allGather([failure.map { UInt8(truncatingIfNeeded: ExitCode(for: $0).rawValue) } ?? 0])
    guard let first = codes.firstIndex(where: { $0 != [0] }) else { return try outcome.get() }
    if first == communicator.rank, let failure { throw failure }
    throw FailedElsewhere(exitCode: ExitCode(rawValue: Int32(codes[first][0])) ?? .fileSystem)
  }

  /// Runs `work` on rank 0, the others waiting for it.
  public static func onRankZero(_ communicator: any Communicator, _ work: () throws -> Void) throws {
    try everywhere(communicator) { if communicator.rank == 0 { try work() } }
  }
}

/// Another rank has failed and says why; this one ends with its code.
public struct FailedElsewhere: ExitCodeError {
  public let exitCode: ExitCode
}
