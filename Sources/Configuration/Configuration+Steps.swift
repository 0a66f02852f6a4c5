import DataParallel
import PoseData

extension Configuration {
  /// Side of the heatmaps, in pixels: the networks halve the input twice before their hourglasses.
  public var heatmapResolution: Int { data.inputResolution / 4 }

  public var heatmapTarget: HeatmapTarget { HeatmapTarget(sigma: data.heatmapSigma, cut: data.heatmapCut) }

  /// Steps of the whole run.
  public func totalSteps(stepsPerEpoch: Int) -> Int {
    train.steps > 0 ? train.steps : train.epochs * stepsPerEpoch
  }

  /// The shards of one of `worldSize` ranks; refuses a number of ranks that the shards cannot be dealt out to.
  public func shardPlan(rank: Int = 0, worldSize: Int) throws(ShardPlanError) -> ShardPlan {
    try ShardPlan(batch: train.batch, shards: train.shards, rank: rank, worldSize: worldSize)
  }
}
