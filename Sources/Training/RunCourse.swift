import Communication
import Configuration
import DataParallel
import Estimation
import Kernels
import Platform
import PoseData
import RunRecord

/// A run as its configuration lays it out, before there is any state: the data, this rank's shards, how many steps.
struct RunCourse {
  let configuration: Configuration
  let communicator: any Communicator
  let plan: ShardPlan
  let splits: DataSplits
  let stepsPerEpoch: Int
  let totalSteps: Int

  /// Opens the data, and refuses ranks that differ in it or in their kernels.
  ///
  /// - Throws: errors of configuration, data and communication.
  init(_ configuration: Configuration, communicator: any Communicator, machine: Machine) throws {
    self.configuration = configuration
    self.communicator = communicator
    plan = try Together.everywhere(communicator) {
      try configuration.shardPlan(rank: communicator.rank, worldSize: communicator.worldSize)
    }
    try machine.compare(communicator, forced: configuration.compute.kernels != .auto)
    splits = try Together.everywhere(communicator) { try DataSplits(configuration) }
    try Self.compare(splits, communicator)
    stepsPerEpoch = splits.train.visitsPerEpoch / configuration.train.batch
    totalSteps = configuration.totalSteps(stepsPerEpoch: max(1, stepsPerEpoch))
  }

  /// Refuses ranks that see other data: other annotations, or other photographs.
  private static func compare(_ splits: DataSplits, _ communicator: any Communicator) throws {
    guard communicator.worldSize > 1 else { return }
    let photographs = splits.train.photographWitness() + splits.valid.photographWitness()
    let own = [Array(splits.digest.utf8), photographs.withUnsafeBytes { Array(SHA256.digest(of: Array($0)).utf8) }]
    for (bytes, what) in zip(own, ["annotations", "photographs"]) {
      let others = try communicator.allGather(bytes)
      try Together.everywhere(communicator) {
        guard let rank = others.firstIndex(where: { $0 != bytes }) else { return }
        throw DataError(
          "data", "rank \(communicator.rank) and rank \(rank) see different \(what); give all nodes the same files")
      }
    }
  }

  /// Every rank calls it: how they are connected may be measured.
  func makeTrainer(_ machine: Machine) throws(CommunicationError) -> AdversarialTrainer {
    var settings = TrainerSettings(
      configuration, joints: splits.train.skeleton.jointCount, totalSteps: totalSteps)
    settings.bucketSize = try BucketSize(
      mebibytes: configuration.comm.bucketMib, configuration.comm.algorithm, over: communicator)
    return try AdversarialTrainer(settings, plan: plan, communicator: communicator, context: machine.makeContext())
  }

  /// Training samples of this rank, from the step after `step` on.
  func makeLoader(from step: Int) throws -> BatchLoader {
    try BatchLoader(
      dataset: splits.train, seed: configuration.run.seed, batch: plan.batch, rank: plan.rank,
      worldSize: plan.worldSize, inputResolution: configuration.data.inputResolution,
      sigma: configuration.data.heatmapSigma, cut: configuration.data.heatmapCut,
      augmentation: configuration.data.augment, onBroken: configuration.data.onBroken, startStep: step,
      threads: configuration.data.threads)
  }

  /// What sets the configuration apart from the one that `checkpoint` was trained with, in words; nil where nothing does.
  func differences(from checkpoint: Checkpoint) throws -> String? {
    guard checkpoint.record.configDigest != configuration.digest else { return nil }
    let then = try Configuration.parse(checkpoint.config, file: "\(checkpoint.path)/config.yaml")
    return configuration.differences(from: then)
  }

  /// Refuses a checkpoint of other data; says where only the machine is another.
  func checkData(of checkpoint: Checkpoint, _ machine: Machine, warn: (String) -> Void) throws(CheckpointError) {
    guard checkpoint.record.datasetDigest == splits.digest else {
      throw CheckpointError(checkpoint.path, "was trained on other data than is configured now")
    }
    let kernels = checkpoint.record.kernels
    if KernelLevel(named: kernels)?.isFused != machine.level.isFused {
      warn(
        """
        warning: \(checkpoint.path) was written with kernels \(kernels), now \(machine.level.name): the bits will \
        differ from an undisturbed run's
        """)
    }
  }
}
