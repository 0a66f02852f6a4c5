import DataParallel
import Layers
import Tensors

/// One shard of the global batch on its way through a step: what goes in, and where everything goes that comes of it.
struct Shard {
  /// X, N×R×R×3.
  let images: Tensor
  /// C, N×r×r×M; zero where a joint is not labelled.
  let heatmaps: Tensor
  /// N×1×1×M: 1 for a labelled joint.
  let mask: Tensor
  /// nil while a step is planned.
  let sums: ShardSums?
  /// nil while a step is planned.
  let statistics: ShardStatistics?
  /// On the rank's last shard: the statistics of all its shards, to be sent as soon as they are complete, for they are
  /// long, and the witness to send with them.
  let outgoingStatistics: ShardVector?
  let witness: UInt64
  let generatorGradient: ShardGradient
  /// nil if training is not adversarial.
  let discriminatorGradient: ShardGradient?

  /// After the last forward that normalises.
  func finishStatistics() { outgoingStatistics?.start(witness: witness) }
}

/// Where the gradient of one network for one shard goes.
struct ShardGradient {
  enum Destination {
    /// Memory that is not sent: while a step is planned, or run again to find what is not finite.
    case memory(UnsafeMutablePointer<Real>)
    /// The sum over all shards of all ranks.
    case reducer(GradientReducer, shard: Int, isLast: Bool)
  }

  let destination: Destination

  /// For a backward pass: block = (keep ? block : 0) + scale · gradient.
  func target(scale: Double = 1, keep: Bool = false) -> Pass.GradientTarget {
    switch destination {
    case .memory(let block): .init(block: block, scale: Real(scale), keep: keep)
    case .reducer(let reducer, let shard, _):
      .init(block: reducer.gradient(for: shard, zeroed: false), scale: Real(scale), keep: keep)
    }
  }

  /// On the rank's last shard gradients are handed over as backward finishes them; nil on the others.
  var onReady: ((_ end: Int) -> Void)? {
    guard case .reducer(let reducer, _, isLast: true) = destination else { return nil }
    return { reducer.markReady(through: $0) }
  }

  /// After the last backward pass of the shard.
  func finish() {
    if case .reducer(let reducer, let shard, isLast: false) = destination { reducer.finishShard(shard) }
  }
}
