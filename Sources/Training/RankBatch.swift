import Tensors

/// This rank's part of a global batch, cut into its shards.
struct RankBatch {
  let images: Tensor
  let heatmaps: Tensor
  let mask: Tensor
  let samplesPerShard: Int

  private func range(_ shard: Int) -> Range<Int> { shard * samplesPerShard..<(shard + 1) * samplesPerShard }

  /// X, N×R×R×3.
  func images(_ shard: Int) -> Tensor { images.images(range(shard)) }
  /// C, N×r×r×M.
  func heatmaps(_ shard: Int) -> Tensor { heatmaps.images(range(shard)) }
  /// N×1×1×M.
  func mask(_ shard: Int) -> Tensor { mask.images(range(shard)) }
}
