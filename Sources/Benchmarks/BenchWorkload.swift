import Configuration
import PoseData
import PoseModels

/// Networks of known sizes to measure with.
public enum BenchPreset: String, Sendable, CaseIterable {
  case paper, hg2, small, tiny
}

/// What a benchmark trains.
public struct BenchWorkload: Sendable {
  let name: String
  let batch: Int
  let shards: Int
  let settings: TrainerSettings
  let comm: Configuration.Comm

  /// A preset's networks; `resolution` and `stacks` replace its own input side and the generator's stacks.
  public init(_ preset: BenchPreset, batch: Int, shards: Int, resolution: Int? = nil, stacks: Int? = nil) {
    name = preset.rawValue
    self.batch = batch
    self.shards = shards
    comm = Configuration.Comm()
    let (side, count, modules, features, joints) =
      switch preset {
      case .paper: (256, 4, 2, 256, 16)
      case .hg2: (256, 2, 1, 256, 16)
      case .small: (128, 2, 1, 128, 14)
      case .tiny: (64, 1, 1, 64, 14)
      }
    var model = Configuration.Model()
    model.generator = HourglassConfiguration(stacks: stacks ?? count, modules: modules, features: features)
    model.discriminator = HourglassConfiguration(stacks: 1, modules: modules, features: features)
    settings = Self.holdingKt(
      TrainerSettings(
        model: model, joints: joints, adversarial: Configuration.Adversarial(), optimizer: Configuration.Optimizers(),
        inputResolution: resolution ?? side, seed: 0, totalSteps: 1000))
  }

  /// A configuration's networks, batch and shards; none of its data is read.
  public init(_ configuration: Configuration) {
    name = configuration.run.name
    batch = configuration.train.batch
    shards = configuration.train.shards
    comm = configuration.comm
    settings = Self.holdingKt(
      TrainerSettings(configuration, joints: Skeleton.mpii.jointCount, totalSteps: 1000))
  }

  /// With k_t at 0.1, so that nothing of the step can be left out.
  private static func holdingKt(_ settings: TrainerSettings) -> TrainerSettings {
    var settings = settings
    settings.adversarial.kInitial = 0.1
    settings.holdsKt = true
    return settings
  }
}
