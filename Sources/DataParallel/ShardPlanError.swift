import Platform

/// Shards or ranks that do not fit. Exit code 3.
public enum ShardPlanError: ExitCodeError, Sendable, Equatable, CustomStringConvertible {
  /// `train.shards` is no power of two that divides `train.batch`.
  case shards(Int, batch: Int, fitting: [Int])
  /// The number of ranks is no power of two up to `train.shards`; `shardsInstead` are the numbers of shards of this
  /// batch with which it would be.
  case ranks(Int, shards: Int, fitting: [Int], shardsInstead: [Int])

  public var exitCode: ExitCode { .configuration }

  public var description: String { "train.shards: \(problem)" }

  /// What is wrong with `train.shards`, and what fits.
  public var problem: String {
    switch self {
    case .shards(let shards, let batch, let fitting):
      guard !fitting.isEmpty else { return "train.batch is \(batch): it must be 1 or more" }
      return "\(shards) is not a power of two that divides train.batch \(batch); shards that fit: \(Self.list(fitting))"
    case .ranks(let ranks, let shards, let fitting, let shardsInstead):
      let instead = shardsInstead.isEmpty ? "" : "; or set train.shards to \(Self.list(shardsInstead))"
      return "\(ranks) ranks do not fit \(shards) shards; ranks that fit: \(Self.list(fitting))\(instead)"
    }
  }

  private static func list(_ numbers: [Int]) -> String {
    let texts = numbers.map(String.init)
    guard texts.count > 1 else { return texts.joined() }
    return texts.dropLast().joined(separator: ", ") + " or " + texts.last!
  }
}
