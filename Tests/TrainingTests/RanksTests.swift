import Communication
import Configuration
import DataParallel
import Kernels
import Objectives
import Optimizers
import PoseModels
import RunRecord
import Tensors
import TestSupport
import Testing
import Training

/// The same training gives the same bits however it is spread over ranks and threads; ranks that have come apart say so.
@Suite struct RanksTests {
  static let batch = 8
  static let resolution = 32

  static func settings(refresh: Bool = false, seed: UInt64 = 3, lambdaK: Double = 0.01) -> TrainerSettings {
    let network = HourglassConfiguration(stacks: 2, modules: 1, features: 16, depth: 1, stem: [8, 16])
    var model = Configuration.Model()
    (model.generator, model.discriminator) = (network, network)
    var adversarial = Configuration.Adversarial()
    (adversarial.lambdaG, adversarial.lambdaK, adversarial.kInitial) = (0.1, lambdaK, 0.3)
    (adversarial.balance, adversarial.reduction, adversarial.refreshDiscriminator) = (.relative, .sum, refresh)
    var optimizer = Configuration.Optimizers()
    optimizer.generator = OptimizerSettings(.rmsprop, learningRate: 1e-3)
    optimizer.generator.clipNorm = 1
    optimizer.discriminator = OptimizerSettings(.adam, learningRate: 1e-3)
    var settings = TrainerSettings(
      model: model, joints: 5, adversarial: adversarial, optimizer: optimizer, inputResolution: resolution, seed: seed,
      totalSteps: 1000)
    settings.bucketSize = .bytes(10_000)
    return settings
  }

  /// A batch that depends on the step alone.
  struct GlobalBatch {
    let images, heatmaps, mask: OwnedTensor

    init(step: Int) {
      var random = CounterRandom(seed: 9, purpose: "ranks test", UInt64(step))
      func uniform(_ shape: Shape) -> OwnedTensor {
        OwnedTensor(shape, (0..<shape.count).map { _ in random.uniform() })
      }
      images = uniform(Shape(n: batch, h: resolution, w: resolution, c: 3))
      heatmaps = uniform(Shape(n: batch, h: resolution / 4, w: resolution / 4, c: 5))
      mask = OwnedTensor(
        Shape(n: batch, h: 1, w: 1, c: 5), (0..<batch * 5).map { _ in random.uniform() < 0.8 ? 1 : 0 })
    }
  }

  static func trainer(
    _ settings: TrainerSettings, _ communicator: any Communicator, threads: Int = 1
  ) throws -> AdversarialTrainer {
    try AdversarialTrainer(
      settings,
      plan: ShardPlan(batch: batch, shards: 4, rank: communicator.rank, worldSize: communicator.worldSize),
      communicator: communicator,
      context: KernelContext(pool: ThreadPool(threads: threads), level: .best, convolution: .winograd))
  }

  static func step(_ trainer: AdversarialTrainer) throws {
    let all = GlobalBatch(step: trainer.completedSteps)
    let own = trainer.plan.localPositions
    _ = try trainer.step(
      images: all.images.tensor.images(own), heatmaps: all.heatmaps.tensor.images(own),
      mask: all.mask.tensor.images(own))
  }

  static func fingerprints(
    _ settings: TrainerSettings, ranks: Int, threads: Int = 1, steps: Int = 3
  ) throws -> [String] {
    try InProcessCommunicator.run(size: ranks) { communicator in
      let trainer = try trainer(settings, communicator, threads: threads)
      for _ in 0..<steps { try step(trainer) }
      try trainer.compareReplicas(communicator)
      return trainer.withState(Fingerprint.of)
    }.map { try $0.get() }
  }

  @Test(arguments: [false, true])
  func sameBitsAtAnyRanksAndThreads(refresh: Bool) throws {
    let settings = Self.settings(refresh: refresh)
    let expected = try Self.fingerprints(settings, ranks: 1)[0]
    for (ranks, threads) in [(1, 2), (1, 3), (2, 1), (2, 2), (4, 1)] {
      let found = try Self.fingerprints(settings, ranks: ranks, threads: threads)
      #expect(found.allSatisfy { $0 == expected }, "\(ranks) ranks, \(threads) threads")
    }
  }

  @Test func otherRunsGiveOtherBits() throws {
    let expected = try Self.fingerprints(Self.settings(), ranks: 1)[0]
    #expect(try Self.fingerprints(Self.settings(seed: 4), ranks: 1)[0] != expected)
    #expect(try Self.fingerprints(Self.settings(lambdaK: 0), ranks: 1)[0] != expected)
    #expect(try Self.fingerprints(Self.settings(), ranks: 1, steps: 2)[0] != expected)
    #expect(try Self.fingerprints(Self.settings(refresh: true), ranks: 1)[0] != expected)
  }

  /// Whether every rank failed, and one of them for the reason sought: the first to throw ends the others.
  static func errors(_ results: [Result<Void, any Error>], _ isSought: (any Error) -> Bool) -> Bool {
    let errors = results.compactMap { result -> (any Error)? in
      if case .failure(let error) = result { return error }
      return nil
    }
    return errors.count == results.count && errors.contains(where: isSought)
  }

  @Test func aRankWithItsOwnBalanceIsCaughtInThatStep() throws {
    let results = InProcessCommunicator.run(size: 2) { communicator in
      let trainer = try Self.trainer(Self.settings(), communicator)
      try Self.step(trainer)
      if communicator.rank == 1 { try trainer.set([:], kt: 0.25) }
      try Self.step(trainer)
    }
    #expect(
      Self.errors(results) { error in
        if case CommunicationError.witnessDiffers = error { return true }
        return false
      })
  }

  @Test func replicasThatDifferAreNamed() throws {
    let results = InProcessCommunicator.run(size: 4) { communicator in
      let trainer = try Self.trainer(Self.settings(), communicator)
      try Self.step(trainer)
      if communicator.rank == 2 { try trainer.set(["generator.stem.conv.bias": Array(repeating: 0.5, count: 8)]) }
      try trainer.compareReplicas(communicator)
    }
    #expect(
      Self.errors(results) { error in
        error as? CommunicationError == .replicasDiffer(tensor: "generator.stem.conv.bias", rank: 2)
      })
  }

  @Test func notANumberChangesNothing() throws {
    let trainer = try Self.trainer(Self.settings(), SingleProcess())
    try Self.step(trainer)
    let before = trainer.withState(Fingerprint.of)
    let all = GlobalBatch(step: 1)
    all.images.tensor.pointer[17] = .nan
    #expect(throws: NotFiniteError.self) {
      try trainer.step(images: all.images.tensor, heatmaps: all.heatmaps.tensor, mask: all.mask.tensor)
    }
    #expect(trainer.withState(Fingerprint.of) == before)
  }
}
