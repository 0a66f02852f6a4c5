import DataParallel

/// What a training step depends on: networks, losses, update rules, and how gradients are summed.
public struct TrainerSettings: Sendable {
  public var model: Configuration.Model
  /// Joints of the skeleton, M: channels of every heatmap.
  public var joints: Int
  public var adversarial: Configuration.Adversarial
  public var optimizer: Configuration.Optimizers
  /// Side of the images, R, in pixels; heatmaps have a quarter of it.
  public var inputResolution: Int
  public var seed: UInt64
  /// Steps of the whole run, for schedules that depend on it.
  public var totalSteps: Int
  public var bucketSize = BucketSize.usual
  public var algorithm = ReductionAlgorithm.tree
  public var onNotFinite = Configuration.Train.OnNotFinite.fail
  /// Holds k_t at its initial value: for benchmarks.
  public var holdsKt = false

  public init(
    model: Configuration.Model, joints: Int, adversarial: Configuration.Adversarial,
    optimizer: Configuration.Optimizers, inputResolution: Int, seed: UInt64, totalSteps: Int
  ) {
    self.model = model
    self.joints = joints
    self.adversarial = adversarial
    self.optimizer = optimizer
    self.inputResolution = inputResolution
    self.seed = seed
    self.totalSteps = totalSteps
  }

  /// Those of a configuration; the size of buckets, which may have to be measured, is the usual one.
  public init(_ configuration: Configuration, joints: Int, totalSteps: Int) {
    self.init(
      model: configuration.model, joints: joints, adversarial: configuration.adversarial,
      optimizer: configuration.optimizer, inputResolution: configuration.data.inputResolution,
      seed: configuration.run.seed, totalSteps: totalSteps)
    algorithm = configuration.comm.algorithm
    onNotFinite = configuration.train.onNotFinite
  }
}
