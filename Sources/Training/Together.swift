import Communication

/// Work of rank 0 that every rank waits for: if it fails there, all ranks fail with it.
enum Together {
  /// Runs `work` on rank 0. An error is thrown there as it is and on the others as `FailedElsewhere`, which prints
  /// nothing: one message, from one rank.
  static func run(_ communicator: any Communicator, _ work: () throws -> Void) throws {
    var failure: (any Error)?
    if communicator.rank == 0 {
      do { try work() } catch { failure = error }
    }
    var outcome: [UInt64] = [failure == nil ? 0 : 1]
    try communicator.broadcast(&outcome)
    if let failure { throw failure }
    if outcome[0] != 0 { throw FailedElsewhere() }
  }
}

/// Rank 0 has failed and has said why.
public struct FailedElsewhere: Error {
  public init() {}
}
