import Platform

/// Work that must succeed on every rank or on none: where it fails, one rank says why, and all end with its code.
public enum Together {
  /// Runs `work` on every rank of several. Where it fails on any, all throw `FailedTogether`.
  public static func everywhere<Result>(_ communicator: any Communicator, _ work: () throws -> Result) throws -> Result
  {
    guard communicator.worldSize > 1 else { return try work() }
    let outcome = Swift.Result { try work() }
    var failure: (any Error)?
    if case .failure(let error) = outcome { failure = error }
    let codes = try communicator.allGather([failure.map { UInt8(truncatingIfNeeded: ExitCode(for: $0).rawValue) } ?? 0])
    guard let first = codes.firstIndex(where: { $0 != [0] }) else { return try outcome.get() }
    throw FailedTogether(
      cause: first == communicator.rank ? failure : nil,
      exitCode: ExitCode(rawValue: Int32(codes[first][0])) ?? .fileSystem)
  }

  /// Runs `work` on rank 0, the others waiting for it.
  public static func onRankZero(_ communicator: any Communicator, _ work: () throws -> Void) throws {
    try everywhere(communicator) { if communicator.rank == 0 { try work() } }
  }
}

/// Work has failed on some rank, and every rank knows: they end in good order, with its code.
public struct FailedTogether: ExitCodeError {
  /// What happened, on the first rank that failed; nil on the others.
  public let cause: (any Error)?
  public let exitCode: ExitCode
}
