import Communication
import Configuration
import DataParallel
import Kernels
import Layers
import Objectives
import PoseModels
import Tensors

/// Self-adversarial training of a pose estimator (Chou, Chien, Chen, arXiv 1707.02439): one rank's share of it.
///
/// C: ground-truth heatmaps, Ĉ: the generator's, X: the images, D(h, X): heatmaps the discriminator draws from h.
///
///     L_MSE  = Σ_n Σ_j (C_j − Ĉ_nj)²
///     L_adv  = Σ_j (Ĉ_j − D(Ĉ, X)_j)²     L_G = L_MSE + λ_G L_adv
///     L_real = Σ_j (C_j − D(C, X)_j)²     L_fake = Σ_j (Ĉ_j − D(Ĉ, X)_j)²     L_D = L_real − k_t L_fake
///     k_{t+1} = clamp(k_t + λ_k (γ L_real − L_fake), 0, 1)
public final class AdversarialTrainer {
  public let settings: TrainerSettings
  public let plan: ShardPlan
  /// Steps done.
  public internal(set) var completedSteps = 0
  public internal(set) var balance: BalanceController

  let generator: Player
  /// nil trains the generator alone.
  let discriminator: Player?
  let context: KernelContext
  let passes: ShardPasses
  let thread: CommunicationThread
  let timer: StepTimer
  let shardSums: ShardVector
  let shardStatistics: ShardVector
  /// Shards whose activations are held at the same time: one, or all if D is updated between the generator's forward and
  /// its backward.
  let shardGroups: [Range<Int>]
  var vectors: VectorOperations
  /// If D is updated between the generator's forward and its backward: what it was.
  var undo: UpdateUndo?
  /// Looks at every tensor of the passes; nil: nobody does.
  package var inspector: StepInspector? {
    didSet {
      for pass in passes.generatorPasses { pass.inspector = inspector?.look(at: .generator) }
      passes.realPass?.inspector = inspector?.look(at: .discriminatorOnReal)
      passes.fakePass?.inspector = inspector?.look(at: .discriminatorOnFake)
    }
  }

  /// Builds both networks, plans a step's memory and sets the parameters from the seed.
  ///
  /// - Parameters:
  ///   - plan: how the global batch is cut into shards, and which are this rank's.
  ///   - context: for this trainer alone; its arena is planned here.
  ///   - wrap: stands between the communication thread and its reducers (`CommunicationThread.init`).
  public init(
    _ settings: TrainerSettings, plan: ShardPlan, communicator: any Communicator, context: KernelContext,
    wrappingReducers wrap: @escaping @Sendable (any Reducer) -> any Reducer = { $0 }
  ) throws(CommunicationError) {
    self.settings = settings
    self.plan = plan
    self.context = context
    let (adversarial, joints) = (settings.adversarial, settings.joints)
    vectors = VectorOperations(pool: context.pool, level: context.level)
    thread = CommunicationThread(communicator, wrappingReducers: wrap)
    timer = StepTimer(communicator.activity)
    let refreshes = adversarial.enabled && adversarial.refreshDiscriminator
    shardGroups = refreshes ? [0..<plan.localShardCount] : (0..<plan.localShardCount).map { $0..<$0 + 1 }

    let generatorStore = ParameterStore()
    let g = StackedHourglass(generatorStore, settings.model.generator, joints: joints, input: .photograph)
    generator = Player("generator", generatorStore, settings.optimizer.generator, totalSteps: settings.totalSteps)
    var (d, realPass, fakePass): (Discriminator?, Pass?, Pass?) = (nil, nil, nil)
    if adversarial.enabled {
      let store = ParameterStore()
      d = Discriminator(store, settings.model.discriminator, joints: joints)
      (realPass, fakePass) = (Pass(context, store, .training), Pass(context, store, .training))
      discriminator = Player(
        "discriminator", store, settings.optimizer.discriminator, totalSteps: settings.totalSteps)
      balance = BalanceController(
        kt: adversarial.kInitial, lambdaK: adversarial.lambdaK, gamma: adversarial.gamma, mode: adversarial.balance)
    } else {
      discriminator = nil
      balance = BalanceController(kt: 0, lambdaK: 0, gamma: 0, mode: .absolute)
    }
    let side = settings.inputResolution / 4
    let heatmaps = Shape(n: plan.samplesPerShard, h: side, w: side, c: joints)
    passes = ShardPasses(
      g: g, d: d, loss: HeatmapLoss(adversarial.reduction, globalBatch: plan.batch, heatmaps: heatmaps),
      adversarial: adversarial, context: context,
      generatorPasses: (0..<(refreshes ? plan.localShardCount : 1)).map { _ in Pass(context, generatorStore, .training)
      },
      realPass: realPass, fakePass: fakePass)
    shardSums = try ShardVector(.stepSums, count: ShardSums.count, plan: plan, thread: thread)
    shardStatistics = try ShardVector(
      .stepStatistics,
      count: ShardStatistics.count(
        generatorCount: generatorStore.statisticsCount,
        discriminatorCount: discriminator?.store.statisticsCount ?? 0),
      plan: plan, thread: thread)
    try planStep(heatmaps)
  }

  /// One step on this rank's part of the global batch.
  ///
  /// - Parameters:
  ///   - images: X of this rank's shards, N×R×R×3.
  ///   - heatmaps: C, N×r×r×M; zero where a joint is not labelled.
  ///   - mask: N×1×1×M, 1 where a joint is labelled.
  /// - Throws: `NotFiniteError`, `CommunicationError`; then nothing was updated.
  public func step(images: Tensor, heatmaps: Tensor, mask: Tensor) throws -> StepRecord {
    let batch = RankBatch(images: images, heatmaps: heatmaps, mask: mask, samplesPerShard: plan.samplesPerShard)
    beginStep()
    let clipD = try runShards(batch)
    let global = try sumOverShards(clipD)
    var record = StepRecord(global.losses, balance, settings.adversarial)
    record.requests = global.requests
    if let clipG = global.clipGenerator, record.isFinite, !global.isTrapped {
      timer.time(.optimizer, .update) {
        record.learningRateGenerator = updateGenerator(clip: clipG, global.statistics)
        record.learningRateDiscriminator = updateDiscriminator(clip: global.clipDiscriminator, global.statistics)
        if !settings.holdsKt { balance.update(lossReal: global.losses[.real], lossFake: global.losses[.fake]) }
      }
    } else {
      record.skipped = try withhold(batch, clipD)
    }
    finishStep(&record)
    return record
  }

  /// The passes of both networks over this rank's shards, one after the other.
  ///
  /// - Parameter diagnosis: where gradients go if a step is looked at again.
  /// - Returns: the factor that clips D's gradient if D has been updated in between.
  func runShards(_ batch: RankBatch, into diagnosis: Diagnosis? = nil) throws -> Double? {
    var clipD: Double?
    for group in shardGroups {
      try context.arena.run { () throws in
        for number in group {
          inspector?.shard = number
          let shard = shard(number, of: batch, into: diagnosis)
          timer.time(.generatorForward, .generatorForward) { passes.predict(shard, number) }
          if isAdversarial {
            timer.time(.discriminatorReal, .discriminatorReal) { passes.discriminateReal(shard) }
            timer.time(.discriminatorFake, .discriminatorFake) {
              passes.discriminateFake(shard, number, kt: balance.kt)
            }
          }
          if !refreshesDiscriminator {
            timer.time(.generatorBackward, .generatorBackward) { passes.learn(shard, number) }
          }
        }
        guard refreshesDiscriminator else { return }
        clipD = try refreshDiscriminator(diagnosis)
        for number in group {
          inspector?.shard = number
          let shard = shard(number, of: batch, into: diagnosis, isSeenAgain: true)
          timer.time(.discriminatorFake, .discriminatorFake) { passes.criticizeAgain(shard, number) }
          timer.time(.generatorBackward, .generatorBackward) { passes.learn(shard, number) }
        }
      }
    }
    return clipD
  }
}
