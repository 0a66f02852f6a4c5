import Optimizers
import PoseModels
import SyntheticPoses

extension Configuration {
  /// Shows `visitor` every key, in the order of the resolved file.
  mutating func visit(_ visitor: inout some ConfigurationVisitor) {
    visitor.visit("run.directory", path: &run.directory)
    visitor.visit("run.seed", &run.seed)
    visitor.visit("run.name", &run.name)
    data.visit(&visitor)
    model.generator.visit("model.generator", &visitor)
    model.discriminator.visit("model.discriminator", &visitor)
    adversarial.visit(&visitor)
    optimizer.generator.visit("optimizer.generator", &visitor)
    optimizer.discriminator.visit("optimizer.discriminator", &visitor)
    visitor.visit("train.epochs", &train.epochs, 1...1_000_000)
    visitor.visit("train.steps", &train.steps, 0...1_000_000_000)
    visitor.visit("train.batch", &train.batch, 1...65_536)
    visitor.visit("train.shards", &train.shards, 1...65_536)
    visitor.visit("train.digest_every", &train.digestEvery, 0...1_000_000_000)
    visitor.visit("train.on_not_finite", &train.onNotFinite)
    visitor.visit("compute.threads", &compute.threads, 0...1024)
    visitor.visit("compute.blas_core", &compute.blasCore)
    visitor.visit("compute.kernels", &compute.kernels)
    visitor.visit("compute.convolution", &compute.convolution)
    visitor.visit("comm.algorithm", &comm.algorithm)
    visitor.visit("comm.bucket_mib", &comm.bucketMib, Bounds(lower: 0, upper: 1024))
    visitor.visit("checkpoint.every", &checkpoint.every, 0...1_000_000_000)
    visitor.visit("checkpoint.keep", &checkpoint.keep, 1...1_000_000)
    visitor.visit("evaluate.every", &evaluate.every, 0...1_000_000_000)
    visitor.visit("watchdog.seconds", &watchdog.seconds, Bounds(lower: 0, upper: 1e6))
    visitor.visit("supervise.attempts", &supervise.attempts, 0...1_000_000)
    visitor.visit("supervise.backoff", &supervise.backoff, Bounds(lower: 0, upper: 86_400))
  }
}

extension Configuration.Data {
  fileprivate mutating func visit(_ visitor: inout some ConfigurationVisitor) {
    visitor.visit("data.kind", &kind)
    visitor.visit("data.path", path: &path)
    visitor.visit("data.annotations", path: &annotations)
    visitor.visit("data.images", path: &images)
    visitor.visit("data.head_boxes", path: &headBoxes)
    visitor.visit("data.input_resolution", &inputResolution, 16...4096)
    visitor.visit("data.heatmap_sigma", &heatmapSigma, Bounds(lower: 0, upper: 100, excludesLower: true))
    visitor.visit("data.heatmap_cut", &heatmapCut, .belowOne)
    visitor.visit("data.on_broken", &onBroken)
    visitor.visit("data.difficulty", &difficulty, .fraction)
    visitor.visit("data.image_size", &imageSize, SyntheticDataset.imageSizes)
    visitor.visit("data.threads", &threads, 1...256)
    visitor.visit("data.split.train", &split.train)
    visitor.visit("data.split.valid", &split.valid)
    visitor.visit("data.sources", &sources)
    visitor.visit("data.augment.enabled", &augment.isEnabled)
    visitor.visit("data.augment.scale_sigma", &augment.scaleSigma, .fraction)
    visitor.visit("data.augment.scale_limit", &augment.scaleLimit, .belowOne)
    visitor.visit("data.augment.rotation_sigma", &augment.rotationSigma, Bounds(lower: 0, upper: 180))
    visitor.visit("data.augment.rotation_limit", &augment.rotationLimit, Bounds(lower: 0, upper: 180))
    visitor.visit("data.augment.rotation_probability", &augment.rotationProbability, .fraction)
    visitor.visit("data.augment.flip_probability", &augment.flipProbability, .fraction)
    visitor.visit("data.augment.channel_gain_min", &augment.channelGainMin, Bounds(lower: 0, upper: 10))
    visitor.visit("data.augment.channel_gain_max", &augment.channelGainMax, Bounds(lower: 0, upper: 10))
    visitor.visit("data.augment.cut_out_probability", &augment.cutOutProbability, .fraction)
    visitor.visit("data.augment.cut_out_size", &augment.cutOutSize, .fraction)
  }
}

extension Configuration.Source {
  /// Shows `visitor` every key, `section` standing before each.
  mutating func visit(_ section: String, _ visitor: inout some ConfigurationVisitor) {
    visitor.visit("\(section).kind", &kind)
    visitor.visit("\(section).path", path: &path)
    visitor.visit("\(section).annotations", path: &annotations)
    visitor.visit("\(section).images", path: &images)
    visitor.visit("\(section).head_boxes", path: &headBoxes)
    visitor.visit("\(section).train", &train)
    visitor.visit("\(section).valid", &valid)
    visitor.visit("\(section).weight", &weight, Bounds(lower: 0, upper: 1000, excludesLower: true))
    visitor.visit("\(section).joints", &joints)
  }
}

extension HourglassConfiguration {
  fileprivate mutating func visit(_ section: String, _ visitor: inout some ConfigurationVisitor) {
    visitor.visit("\(section).stacks", &stacks, 1...64)
    visitor.visit("\(section).modules", &modules, 1...64)
    visitor.visit("\(section).features", &features, 2...4096)
    visitor.visit("\(section).depth", &depth, 1...10)
  }
}

extension Configuration.Adversarial {
  fileprivate mutating func visit(_ visitor: inout some ConfigurationVisitor) {
    visitor.visit("adversarial.enabled", &enabled)
    visitor.visit("adversarial.lambda_g", &lambdaG, .notNegative)
    visitor.visit("adversarial.lambda_k", &lambdaK, .notNegative)
    visitor.visit("adversarial.gamma", &gamma, .positive)
    visitor.visit("adversarial.k_initial", &kInitial, .fraction)
    visitor.visit("adversarial.reduction", &reduction)
    visitor.visit("adversarial.balance", &balance)
    visitor.visit("adversarial.target_gradient", &targetGradient)
    visitor.visit("adversarial.refresh_discriminator", &refreshDiscriminator)
  }
}

extension OptimizerSettings {
  fileprivate mutating func visit(_ section: String, _ visitor: inout some ConfigurationVisitor) {
    visitor.visit("\(section).kind", &kind)
    visitor.visit("\(section).learning_rate", &schedule.learningRate, .notNegative)
    visitor.visit("\(section).alpha", &alpha, .belowOne)
    visitor.visit("\(section).beta1", &beta1, .belowOne)
    visitor.visit("\(section).beta2", &beta2, .belowOne)
    visitor.visit("\(section).epsilon", &epsilon, .positive)
    visitor.visit("\(section).clip_norm", &clipNorm, .notNegative)
    visitor.visit("\(section).schedule", &schedule.course)
    visitor.visit("\(section).warmup_steps", &schedule.warmupSteps, 0...1_000_000_000)
    visitor.visit("\(section).milestones", &schedule.milestones, 1...1_000_000_000)
    visitor.visit("\(section).decay", &schedule.decay, Bounds(lower: 0, upper: 1, excludesLower: true))
    visitor.visit("\(section).final_fraction", &schedule.finalFraction, .fraction)
  }
}
