import Communication
import DataParallel
import Optimizers
import PoseData
import PoseModels

extension Configuration {
  /// What a training step depends on, for a skeleton of `joints` and a run of `totalSteps`.
  public func trainerSettings(joints: Int, totalSteps: Int) -> TrainerSettings {
    var settings = TrainerSettings(
      generator: hourglass(model.generator, joints),
      generatorOptimizer: optimizerSettings(optimizer.generator, totalSteps),
      adversarial: adversarial.enabled ? adversarialSettings(joints, totalSteps) : nil,
      reduction: adversarial.reduction == .mean ? .mean : .sum,
      inputResolution: data.inputResolution, seed: run.seed)
    settings.algorithm = comm.algorithm == .tree ? .tree : .library
    settings.skipsNotFinite = train.onNotFinite == .skip
    return settings
  }

  private func adversarialSettings(_ joints: Int, _ totalSteps: Int) -> TrainerSettings.Adversarial {
    TrainerSettings.Adversarial(
      discriminator: hourglass(model.discriminator, joints),
      discriminatorOptimizer: optimizerSettings(optimizer.discriminator, totalSteps),
      lambdaG: adversarial.lambdaG, lambdaK: adversarial.lambdaK, gamma: adversarial.gamma,
      kInitial: adversarial.kInitial, balance: adversarial.balance == .absolute ? .absolute : .relative,
      targetGradient: adversarial.targetGradient, refreshDiscriminator: adversarial.refreshDiscriminator)
  }

  func hourglass(_ network: Network, _ joints: Int) -> HourglassConfiguration {
    HourglassConfiguration(
      stacks: network.stacks, modules: network.modules, features: network.features, depth: network.depth,
      joints: joints)
  }

  private func optimizerSettings(_ optimizer: Optimizer, _ totalSteps: Int) -> OptimizerSettings {
    let course: LearningRateSchedule.Course
    switch optimizer.schedule {
    case .constant: course = .constant
    case .step: course = .step(milestones: optimizer.milestones, decay: optimizer.decay)
    case .cosine: course = .cosine(totalSteps: totalSteps, finalFraction: optimizer.finalFraction)
    }
    let rule: OptimizerSettings.Rule
    switch optimizer.kind {
    case .rmsprop: rule = .rmsprop(alpha: optimizer.alpha, epsilon: optimizer.epsilon)
    case .adam: rule = .adam(beta1: optimizer.beta1, beta2: optimizer.beta2, epsilon: optimizer.epsilon)
    }
    return OptimizerSettings(
      rule: rule,
      schedule: LearningRateSchedule(
        learningRate: optimizer.learningRate, warmupSteps: optimizer.warmupSteps, course: course),
      clipNorm: optimizer.clipNorm)
  }

  /// Steps of the whole run.
  public func totalSteps(stepsPerEpoch: Int) -> Int {
    train.steps > 0 ? train.steps : train.epochs * stepsPerEpoch
  }

  var augmentation: Augmentation {
    guard data.augment.enabled else { return .none }
    var augmentation = Augmentation()
    augmentation.scaleSigma = data.augment.scaleSigma
    augmentation.scaleClip = data.augment.scaleLimit
    augmentation.rotationSigma = data.augment.rotationSigma
    augmentation.rotationClip = data.augment.rotationLimit
    augmentation.rotationProbability = data.augment.rotationProbability
    augmentation.flipProbability = data.augment.flipProbability
    augmentation.gainLower = data.augment.channelGainMin
    augmentation.gainUpper = data.augment.channelGainMax
    augmentation.cutOutProbability = data.augment.cutOutProbability
    augmentation.cutOutSize = data.augment.cutOutSize
    return augmentation
  }

  var heatmapTarget: HeatmapTarget { HeatmapTarget(sigma: data.heatmapSigma, cut: data.heatmapCut) }

  var brokenSamples: BrokenSamplePolicy { data.onBroken == .fail ? .fail : .skip }
}

extension Configuration.Comm {
  /// How many bytes of a gradient are sent at once. Every rank calls it: where the size is left open, sums over these
  /// ranks are measured.
  func bucketSize(_ communicator: any Communicator) throws(CommunicationError) -> BucketSize {
    if bucketMib > 0 { return .bytes(Int(max(1, bucketMib * 0x1p20))) }
    // The library may add in another order where vectors have another length.
    if communicator.worldSize == 1 || algorithm == .mpi { return .usual }
    return .fitting(try SumCost(measuring: communicator))
  }
}
