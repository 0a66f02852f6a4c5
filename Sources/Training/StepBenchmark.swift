import Communication
import DataParallel
import Kernels
import Objectives
import Optimizers
import PoseModels
import RunRecord
import Tensors

#if canImport(Glibc)
  import Glibc
#endif

/// Networks of known sizes to measure with.
public enum BenchPreset: String, Sendable, CaseIterable {
  case paper, hg2, small, tiny

  /// Input side R, and both networks.
  var networks: (resolution: Int, generator: HourglassConfiguration, discriminator: HourglassConfiguration) {
    func pair(_ resolution: Int, stacks: Int, modules: Int, features: Int, joints: Int)
      -> (Int, HourglassConfiguration, HourglassConfiguration)
    {
      let network = { (stacks: Int) in
        HourglassConfiguration(stacks: stacks, modules: modules, features: features, depth: 4, joints: joints)
      }
      return (resolution, network(stacks), network(1))
    }
    switch self {
    case .paper: return pair(256, stacks: 4, modules: 2, features: 256, joints: 16)
    case .hg2: return pair(256, stacks: 2, modules: 1, features: 256, joints: 16)
    case .small: return pair(128, stacks: 2, modules: 1, features: 128, joints: 14)
    case .tiny: return pair(64, stacks: 1, modules: 1, features: 64, joints: 14)
    }
  }
}

/// Times `AdversarialTrainer.step` with k_t held at 0.1, so that nothing of it can be left out.
public final class StepBenchmark {
  private let preset: BenchPreset
  private let trainer: AdversarialTrainer
  private let machine: Machine
  private let memory: [OwnedBatchPart]
  private let blas: BLASLibrary

  /// - Throws: `ShardPlanError` where batch, shards and ranks do not go together.
  public init(
    _ preset: BenchPreset, batch: Int, shards: Int, communicator: any Communicator, _ machine: Machine
  ) throws(ConfigurationError) {
    self.preset = preset
    self.machine = machine
    blas = try machine.loadBLAS()
    let plan: ShardPlan
    do throws(ShardPlanError) {
      plan = try ShardPlan(batch: batch, shards: shards, rank: communicator.rank, worldSize: communicator.worldSize)
    } catch {
      throw ConfigurationError("--shards", "\(error)")
    }
    let (resolution, generator, discriminator) = preset.networks
    var adversarial = TrainerSettings.Adversarial(
      discriminator: discriminator,
      discriminatorOptimizer: OptimizerSettings(
        rule: .adam(beta1: 0.9, beta2: 0.999, epsilon: 1e-8), schedule: LearningRateSchedule(learningRate: 8e-5)),
      lambdaG: 1e-4, lambdaK: 1e-3, gamma: 0.5, kInitial: 0.1, balance: .absolute, targetGradient: true,
      refreshDiscriminator: false)
    adversarial.holdsKt = true
    let settings = TrainerSettings(
      generator: generator,
      generatorOptimizer: OptimizerSettings(
        rule: .rmsprop(alpha: 0.99, epsilon: 1e-8), schedule: LearningRateSchedule(learningRate: 2.5e-4)),
      adversarial: adversarial, reduction: .mean, inputResolution: resolution, seed: 0)
    trainer = AdversarialTrainer(settings, plan: plan, communicator: communicator, context: machine.makeContext())
    let count = plan.localPositions.count
    memory = [
      OwnedBatchPart(Shape(n: count, h: resolution, w: resolution, c: 3), seed: 1),
      OwnedBatchPart(Shape(n: count, h: resolution / 4, w: resolution / 4, c: generator.joints), seed: 2),
      OwnedBatchPart(Shape(n: count, h: 1, w: 1, c: generator.joints), seed: nil),
    ]
  }

  /// One step to warm up, then `steps` that are timed.
  public func run(steps: Int) throws -> JSONObject {
    let clock = ContinuousClock()
    var seconds: [Double] = []
    var records: [StepRecord] = []
    for step in 0...steps {
      let start = clock.now
      let record = try trainer.step(images: memory[0].tensor, heatmaps: memory[1].tensor, mask: memory[2].tensor)
      guard step > 0 else { continue }
      seconds.append((clock.now - start) / .seconds(1))
      records.append(record)
    }
    seconds.sort()
    let median = seconds[seconds.count / 2]
    var phases = JSONObject()
    for phase in StepPhases.all {
      let values = records.map { $0.phases[keyPath: phase.path] }.sorted()
      phases.append(phase.name, JSONValue(values[values.count / 2]))
    }
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    let limit = StepLimit(blas, machine.pool)
    return [
      "program": "equipoise", "preset": .string(preset.rawValue), "batch": JSONValue(trainer.plan.batch),
      "shards": JSONValue(trainer.plan.shards), "ranks": JSONValue(trainer.plan.worldSize),
      "threads": JSONValue(machine.pool.threads), "precision": MemoryLayout<Real>.size == 8 ? "fp64" : "fp32",
      "convolution": .string(machine.convolution.rawValue), "step_seconds_min": JSONValue(seconds[0]),
      "step_seconds_median": JSONValue(median), "images_per_second": JSONValue(Double(trainer.plan.batch) / median),
      "peak_rss_mib": JSONValue(usage.ru_maxrss / 1024), "blas_core": .string(blas.coreName),
      "kernels": .string(machine.level.name), "sgemm_gflops": JSONValue(limit.rate / 1e9),
      "limit_seconds": JSONValue(limit.seconds(multiplications: trainer.multiplications)),
      "limit_share": JSONValue(limit.seconds(multiplications: trainer.multiplications) / median),
      "phase_seconds": .object(phases),
      "parameters_generator": JSONValue(trainer.generator.store.parameterCount),
      "parameters_discriminator": JSONValue(trainer.discriminator?.store.parameterCount ?? 0),
    ]
  }
}

/// A part of a made-up batch: uniform in [0, 1), or all ones.
private final class OwnedBatchPart {
  private let memory: Buffer<Real>
  let tensor: Tensor

  init(_ shape: Shape, seed: UInt64?) {
    memory = Buffer(count: shape.count)
    tensor = Tensor(memory.pointer, shape)
    guard let seed else {
      tensor.values.update(repeating: 1)
      return
    }
    var random = CounterRandom(seed: seed, purpose: "benchmark")
    for index in 0..<shape.count { memory.pointer[index] = Real(random.uniform()) }
  }
}
