import Communication
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
  let discriminator: Player?
  let context: KernelContext
  private(set) var vectors: VectorOperations
  let g: StackedHourglass
  let d: Discriminator?
  private let generatorPasses: [Pass]
  private let realPass: Pass?
  private let fakePass: Pass?
  let thread: CommunicationThread
  private let shardSums: ShardVector
  private let shardStatistics: ShardVector
  /// Shards whose activations are held at the same time: one, or all where D is updated between the generator's
  /// forward and its backward.
  private let shardGroups: [Range<Int>]
  private let loss: HeatmapLoss
  private var phases = StepPhases()
  /// Where D is updated between the generator's forward and its backward: what it was, and whether it was updated.
  private var undo: UpdateUndo?
  private var discriminatorClip: Double?
  /// Looks at every tensor of the passes; nil: nobody does.
  package var inspector: StepInspector? {
    didSet {
      for pass in generatorPasses { pass.inspector = inspector?.look(at: .generator) }
      realPass?.inspector = inspector?.look(at: .discriminatorOnReal)
      fakePass?.inspector = inspector?.look(at: .discriminatorOnFake)
    }
  }
  /// Set while shards are run again to find what is not finite.
  private var diagnosis: Diagnosis?

  /// Builds both networks, plans a step's memory and sets the parameters from the seed.
  ///
  /// - Parameters:
  ///   - plan: how the global batch is cut into shards, and which are this rank's.
  ///   - context: for this trainer alone; its arena is planned here.
  public init(
    _ settings: TrainerSettings, plan: ShardPlan, communicator: any Communicator, context: KernelContext
  ) throws(CommunicationError) {
    self.settings = settings
    self.plan = plan
    self.context = context
    vectors = VectorOperations(pool: context.pool, level: context.level)
    thread = CommunicationThread(communicator)
    let resolution = settings.inputResolution
    let heatmapShape = Shape(
      n: plan.samplesPerShard, h: resolution / 4, w: resolution / 4, c: settings.generator.joints)
    loss = HeatmapLoss(settings.reduction, globalBatch: plan.batch, heatmaps: heatmapShape)

    let generatorStore = ParameterStore()
    g = StackedHourglass(generatorStore, settings.generator, input: .photograph)
    generator = Player("generator", generatorStore, settings.generatorOptimizer)
    let refreshes = settings.adversarial?.refreshDiscriminator ?? false
    shardGroups = refreshes ? [0..<plan.localShardCount] : (0..<plan.localShardCount).map { $0..<$0 + 1 }
    generatorPasses = (0..<(refreshes ? plan.localShardCount : 1)).map { _ in Pass(context, generatorStore, .training) }

    if let adversarial = settings.adversarial {
      let store = ParameterStore()
      d = Discriminator(store, adversarial.discriminator)
      discriminator = Player("discriminator", store, adversarial.discriminatorOptimizer)
      realPass = Pass(context, store, .training)
      fakePass = Pass(context, store, .training)
      balance = BalanceController(
        kt: adversarial.kInitial, lambdaK: adversarial.lambdaK, gamma: adversarial.gamma, mode: adversarial.balance)
    } else {
      (d, discriminator, realPass, fakePass) = (nil, nil, nil, nil)
      balance = BalanceController(kt: 0, lambdaK: 0, gamma: 0, mode: .absolute)
    }
    shardSums = try ShardVector("sums", count: ShardSums.count, plan: plan, thread: thread)
    shardStatistics = try ShardVector(
      "statistics",
      count: ShardStatistics.count(
        generatorCount: generatorStore.statisticsCount,
        discriminatorCount: discriminator?.store.statisticsCount ?? 0),
      plan: plan, thread: thread)
    try prepare(heatmapShape)
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
    let witness = balance.kt.bitPattern
    thread.communicator.activity.begin(step: completedSteps + 1)
    generator.gradients.beginStep(witness: witness)
    discriminator?.gradients.beginStep(witness: witness)
    phases = StepPhases()
    inspector?.begin()
    try runShards(batch)
    let requests = StopSignals.take()
    for shard in 0..<plan.localShardCount {
      sums(shard)?.requests = requests
      // What a ReLU may have swallowed becomes every rank's concern with the losses.
      if let inspector, inspector.sees(inShard: shard) { sums(shard)?.lossMSE = .nan }
    }
    shardSums.start(witness: witness)
    var record = try update(batch)
    completedSteps += 1
    record.phases = phases
    record.communicationSeconds = thread.takeBusySeconds()
    return record
  }

  /// The passes of both networks on this rank's shards, one after the other.
  func runShards(_ batch: RankBatch, into diagnosis: Diagnosis? = nil) throws {
    self.diagnosis = diagnosis
    defer { self.diagnosis = nil }
    var clock = StepClock(thread.communicator.activity)
    for group in shardGroups {
      try context.arena.run { () throws in
        for shard in group {
          inspector?.shard = shard
          predict(batch, shard)
          phases.generatorForward += clock.lap("G forward")
          discriminateReal(batch, shard)
          phases.discriminatorReal += clock.lap("D real")
          discriminateFake(batch, shard)
          phases.discriminatorFake += clock.lap("D fake")
          if !refreshesDiscriminator { learn(shard) }
          phases.generatorBackward += clock.lap("G backward")
        }
        if refreshesDiscriminator {
          try refreshDiscriminator()
          _ = clock.lap(nil)
          for shard in group {
            inspector?.shard = shard
            criticizeAgain(batch, shard)
            phases.discriminatorFake += clock.lap("D fake")
            learn(shard)
            phases.generatorBackward += clock.lap("G backward")
          }
        }
      }
    }
  }

  /// Has the time of every operation written down from now on, or no longer.
  func record(into profile: KernelProfile?) {
    context.profile = profile
    vectors.profile = profile
  }

  // MARK: One shard

  /// Ĉ_n = G(X); L_MSE = Σ_n Σ_j (C_j − Ĉ_nj)², every stack supervised.
  private func predict(_ batch: RankBatch, _ shard: Int) {
    let pass = generatorPass(shard)
    pass.batchStatistics = statistics(shard)?.generator
    g.forward(batch.images(shard), pass)
    pass.outputGradients.removeAll(keepingCapacity: true)
    var lossMSE = 0.0
    for (n, prediction) in pass.outputs.enumerated() {
      let gradient = pass.allocate(prediction.shape)
      lossMSE += loss(prediction, batch.heatmaps(shard), mask: batch.mask(shard), gradient: gradient, context)
      pass.outputGradients.append(gradient)
      if n + 1 < pass.outputs.count || d == nil { pass.release(prediction) }
    }
    sums(shard)?.lossMSE = lossMSE
    if d == nil { sendStatistics(shard) }
  }

  /// L_real = Σ_j (C_j − D(C, X)_j)², and its gradient for D's parameters.
  private func discriminateReal(_ batch: RankBatch, _ shard: Int) {
    guard let d, let pass = realPass else { return }
    pass.batchStatistics = statistics(shard)?.discriminatorOnReal
    let real = batch.heatmaps(shard)
    let reconstruction = d.forward(real, batch.images(shard), pass)
    let gradient = pass.allocate(reconstruction.shape)
    let lossReal = loss(reconstruction, real, mask: batch.mask(shard), gradient: gradient, context)
    sums(shard)?.lossReal = lossReal
    pass.release(reconstruction)
    pass.gradientTarget = target(discriminator!, shard)
    _ = d.backward(gradient, pass, wantsHeatmaps: false)
  }

  /// L_fake = Σ_j (Ĉ_j − D(Ĉ, X)_j)². One pass serves both players: with g = ∂L_fake/∂D, D's parameters take −k_t of
  /// their part, L_D = L_real − k_t L_fake, and Ĉ gains λ_G (Jᵀ g − τ g), L_G = L_MSE + λ_G L_adv.
  private func discriminateFake(_ batch: RankBatch, _ shard: Int) {
    guard let d, let pass = fakePass else { return }
    let sums = sums(shard)
    pass.batchStatistics = statistics(shard)?.discriminatorOnFake
    let generated = generatorPass(shard).outputs.last!
    let reconstruction = d.forward(generated, batch.images(shard), pass)
    sendStatistics(shard)
    let gradient = pass.allocate(reconstruction.shape)
    let lossFake = loss(reconstruction, generated, mask: batch.mask(shard), gradient: gradient, context)
    sums?.lossFake = lossFake
    pass.gradientTarget = target(discriminator!, shard, scale: -balance.kt, keep: true)
    pass.onGradientReady = ready(discriminator!, shard)
    if refreshesDiscriminator {
      _ = d.backward(gradient, pass, wantsHeatmaps: false)
      pass.release(reconstruction)
    } else {
      sums?.lossAdv = lossFake
      criticize(batch, shard, reconstruction, gradient, pass)
    }
    finish(discriminator!, shard)
  }

  /// L_adv from the discriminator as it is after its update: it takes no gradient and no statistics from this pass.
  private func criticizeAgain(_ batch: RankBatch, _ shard: Int) {
    guard let d, let pass = fakePass else { return }
    pass.batchStatistics = nil
    let generated = generatorPass(shard).outputs.last!
    let reconstruction = d.forward(generated, batch.images(shard), pass)
    let gradient = pass.allocate(reconstruction.shape)
    let lossAdv = loss(reconstruction, generated, mask: batch.mask(shard), gradient: gradient, context)
    sums(shard)?.lossAdv = lossAdv
    pass.gradientTarget = nil
    pass.onGradientReady = nil
    criticize(batch, shard, reconstruction, gradient, pass)
  }

  /// ∂L_G/∂Ĉ += λ_G (Jᵀ g − τ g), g = ∂L_adv/∂D: through D's input, and where τ is 1 through Ĉ as its target.
  private func criticize(
    _ batch: RankBatch, _ shard: Int, _ reconstruction: Tensor, _ gradient: Tensor, _ pass: Pass
  ) {
    let generatorPass = generatorPass(shard)
    let generated = generatorPass.outputs.last!
    let dGenerated = generatorPass.outputGradients.last!!
    let lambdaG = settings.adversarial!.lambdaG
    if settings.adversarial!.targetGradient {
      _ = loss(
        generated, reconstruction, mask: batch.mask(shard), gradient: dGenerated, weight: lambdaG, accumulate: true,
        context)
    }
    pass.release(reconstruction)
    let throughInput = d!.backward(gradient, pass, wantsHeatmaps: true)!
    context.add(throughInput, times: lambdaG, to: dGenerated)
    pass.release(throughInput)
  }

  /// The gradient of L_G for the generator's parameters.
  private func learn(_ shard: Int) {
    let pass = generatorPass(shard)
    if d != nil { pass.release(pass.outputs.last!) }
    pass.gradientTarget = target(generator, shard)
    pass.onGradientReady = ready(generator, shard)
    _ = g.backward(pass, wantsInput: false)
    finish(generator, shard)
  }

  // MARK: The global batch

  /// D's update before the generator sees it again; taken back if the step turns out not to be finite.
  private func refreshDiscriminator() throws {
    guard let discriminator else { return }
    if diagnosis == nil { discriminatorClip = try finishGradient(discriminator) }
    guard let discriminatorClip else { return }
    var clock = StepClock(thread.communicator.activity)
    undo?.keep()
    discriminator.update(clip: discriminatorClip, after: completedSteps, vectors)
    phases.optimizer += clock.lap("update")
  }

  private func finishGradient(_ player: Player) throws -> Double? {
    var clock = StepClock(thread.communicator.activity)
    let finished = try player.finishGradient(vectors)
    phases.communication += finished.waited
    phases.optimizer += clock.lap("gradient norm") - finished.waited
    return finished.clip
  }

  /// Waits for the sums over all shards of all ranks; applies both updates, the running statistics and k_t's, or where
  /// something is not finite none.
  private func update(_ batch: RankBatch) throws -> StepRecord {
    if let discriminator, !refreshesDiscriminator { discriminatorClip = try finishGradient(discriminator) }
    let generatorClip = try finishGradient(generator)
    var clock = StepClock(thread.communicator.activity)
    let statistics = statistics(try shardStatistics.wait())
    let sums = ShardSums(try shardSums.wait().baseAddress!)
    phases.communication += clock.lap(nil)
    var record = StepRecord()
    record.fill(sums, balance, settings)
    record.requests = sums.requests
    let isFinite = record.isFinite && generatorClip != nil && (discriminator == nil || discriminatorClip != nil)
    guard isFinite, let generatorClip else {
      record.skipped = try withhold(batch)
      return record
    }

    record.learningRateGenerator = generator.learningRate(after: completedSteps)
    generator.update(clip: generatorClip, after: completedSteps, vectors)
    generator.store.updateRunningStatistics(from: statistics.generator, shards: plan.shards)
    if let discriminator, let discriminatorClip {
      record.learningRateDiscriminator = discriminator.learningRate(after: completedSteps)
      if !refreshesDiscriminator { discriminator.update(clip: discriminatorClip, after: completedSteps, vectors) }
      discriminator.store.updateRunningStatistics(from: statistics.discriminatorOnReal, shards: plan.shards)
      discriminator.store.updateRunningStatistics(from: statistics.discriminatorOnFake, shards: plan.shards)
      if !settings.adversarial!.holdsKt { balance.update(lossReal: record.lossReal, lossFake: record.lossFake) }
    }
    phases.optimizer += clock.lap("update")
    return record
  }

  /// Leaves everything as it was before the step, and finds out what was not finite.
  ///
  /// - Throws: what was found, unless such steps are skipped.
  private func withhold(_ batch: RankBatch) throws -> NotFiniteError {
    if discriminatorClip != nil { undo?.restore() }
    let error = try diagnose(batch, completedSteps + 1)
    if discriminatorClip != nil { undo?.restore() }
    guard settings.skipsNotFinite else { throw error }
    return error
  }
}

// MARK: Bookkeeping of shards

extension AdversarialTrainer {
  private var refreshesDiscriminator: Bool { settings.adversarial?.refreshDiscriminator ?? false }

  /// Multiplications of a step on this rank, 3×3 convolutions counted as Winograd F(4×4, 3×3) needs them.
  var multiplications: Double { context.plannedMultiplications * Double(shardGroups.count) }

  private func generatorPass(_ shard: Int) -> Pass { generatorPasses[refreshesDiscriminator ? shard : 0] }

  private func statistics(_ values: UnsafeMutableBufferPointer<Double>) -> ShardStatistics {
    ShardStatistics(
      values.baseAddress!, generatorCount: generator.store.statisticsCount,
      discriminatorCount: discriminator?.store.statisticsCount ?? 0)
  }

  /// The shard's place in the vector of sums; nil while planning.
  func sums(_ shard: Int) -> ShardSums? {
    context.isPlanning ? nil : ShardSums(shardSums.slot(for: shard).baseAddress!)
  }

  private func statistics(_ shard: Int) -> ShardStatistics? {
    context.isPlanning ? nil : statistics(shardStatistics.slot(for: shard))
  }

  /// After the last forward that normalises: statistics go while backward goes on, for they are long.
  private func sendStatistics(_ shard: Int) {
    guard !context.isPlanning, diagnosis == nil, shard == plan.localShardCount - 1 else { return }
    shardStatistics.start(witness: balance.kt.bitPattern)
  }

  private func target(_ player: Player, _ shard: Int, scale: Double = 1, keep: Bool = false) -> Pass.GradientTarget {
    // While planning there are no gradients yet, and nothing is written.
    let block =
      context.isPlanning
      ? player.store.values.pointer
      : diagnosis?.block(of: player) ?? player.gradients.gradient(for: shard, zeroed: false)
    return Pass.GradientTarget(block: block, scale: Real(scale), keep: keep)
  }

  /// On the rank's last shard gradients are handed over as backward finishes them.
  private func ready(_ player: Player, _ shard: Int) -> ((Int) -> Void)? {
    guard !context.isPlanning, diagnosis == nil, shard == plan.localShardCount - 1 else { return nil }
    return { player.gradients.markReady(through: $0) }
  }

  private func finish(_ player: Player, _ shard: Int) {
    if context.isPlanning { return }
    if diagnosis == nil, shard < plan.localShardCount - 1 { player.gradients.finishShard(shard) }
  }

  /// Plans the memory of a step, and from the order in which backward finished gradients lays both networks out.
  private func prepare(_ heatmaps: Shape) throws(CommunicationError) {
    let resolution = settings.inputResolution
    let shards = shardGroups[0].count
    let batch = RankBatch(
      images: .shapeOnly(Shape(n: shards * heatmaps.n, h: resolution, w: resolution, c: 3)),
      heatmaps: .shapeOnly(Shape(n: shards * heatmaps.n, h: heatmaps.h, w: heatmaps.w, c: heatmaps.c)),
      mask: .shapeOnly(Shape(n: shards * heatmaps.n, h: 1, w: 1, c: heatmaps.c)), samplesPerShard: heatmaps.n)
    context.arena.plan {
      for shard in shardGroups[0] {
        predict(batch, shard)
        discriminateReal(batch, shard)
        discriminateFake(batch, shard)
        if !refreshesDiscriminator { learn(shard) }
      }
      if refreshesDiscriminator {
        for shard in shardGroups[0] {
          criticizeAgain(batch, shard)
          learn(shard)
        }
      }
    }
    let makeReducer = { [plan, thread, settings] (name: ShortName, count: Int) throws(CommunicationError) in
      try GradientReducer(
        name, count: count, plan: plan, thread: thread,
        bucketSize: settings.bucketSize, algorithm: settings.algorithm)
    }
    // Every pass finishes each parameter once; the first that a network's pass saw gives the order.
    try generator.prepare(
      order: Array(generatorPasses[0].readyOrder.prefix(generator.store.parameters.count)), seed: settings.seed,
      makeReducer)
    if let discriminator, let fakePass {
      try discriminator.prepare(
        order: Array(fakePass.readyOrder.prefix(discriminator.store.parameters.count)), seed: settings.seed,
        makeReducer)
      if refreshesDiscriminator { undo = UpdateUndo(discriminator) }
    }
  }
}
