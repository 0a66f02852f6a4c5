import Platform

/// A loss, a gradient or what they come from is not a number or is infinite. Exit code 7.
///
/// Every rank finds it in the same step, from sums over all shards, and nothing has been updated.
public struct NotFiniteError: ExitCodeError, Sendable, Equatable, CustomStringConvertible {
  /// What is not finite, and where it was found first.
  public struct Finding: Sendable, Equatable {
    /// The shard of the global batch.
    public var shard: Int
    /// The rank that runs it.
    public var rank: Int
    /// In words: `the gradient of`, `the parameter`, `the images`, `loss_real`.
    public var what: String
    /// The tensor, by its name in checkpoints; empty where `what` says all.
    public var tensor: String
  }

  /// The step, counted from 1, that was not applied.
  public let step: Int
  /// nil where each shard is finite and only a sum over them, or a norm, is not.
  public let finding: Finding?
  /// The shard's samples as the data set names them.
  public var samples: [String] = []
  /// Where the shard's inputs and the state were written, in words.
  public var reproducer: String?

  public var exitCode: ExitCode { .notFinite }

  public var description: String {
    guard let finding else {
      return "step \(step): a sum over the shards or its norm is not finite; the step was not applied"
    }
    let name = finding.tensor.isEmpty ? finding.what : "\(finding.what) \(finding.tensor)"
    let verb = finding.what == "the images" || finding.what == "the heatmaps" ? "are" : "is"
    return "step \(step): \(name) \(verb) not finite, rank \(finding.rank), shard \(finding.shard)"
      + (samples.isEmpty ? "" : ", samples \(samples.joined(separator: ", "))") + "; the step was not applied"
      + (reproducer.map { "\n  \($0)" } ?? "")
  }
}
