import Communication
import Configuration
import DataParallel
import Estimation
import Metrics
import Platform
import PoseData
import RunRecord

/// A whole training run on this rank: data, steps, evaluations, checkpoints and the record of it all.
///
/// Rank 0 alone reads and writes the run's directory; what it finds there it tells the others.
public final class TrainingRun {
  /// Why a run ended.
  public enum Outcome: Sendable, Equatable {
    case finished
    /// Stopped by TERM or INT, after saving.
    case terminated, interrupted
  }

  private let configuration: Configuration
  private let communicator: any Communicator
  private let course: RunCourse
  private let trainer: AdversarialTrainer
  private let estimator: PoseEstimator
  private let evaluator: Evaluator
  private let critic: PoseCritic?
  private let machine: Machine
  private let timeline: TimelineRequest?
  private let sinks: [any RunSink]
  private let program: String
  private var record: RunDirectory?
  private var writer: CheckpointWriter?
  private var lastMetric: Double?
  private var lastEvaluation = -1
  private var lastCheckpoint = -1
  private var skippedSteps = 0
  /// Whether the run had come to its end before this one began; then nothing is written.
  private var wasFinished = false

  /// Opens the data, builds the networks, and takes up the run where it stands.
  ///
  /// - Parameters:
  ///   - configuration: rank 0's, the same on every rank.
  ///   - trapsNotFinite: whether every tensor of every step is looked at (`AdversarialTrainer.trapNotFinite`).
  ///   - timeline: steps of which all ranks' phases and exchanges are written down.
  ///   - program: what checkpoints say they were written by.
  ///   - sinks: take what the run reports, on rank 0.
  /// - Throws: errors of configuration, data, checkpoint, file system and communication.
  public init(
    _ configuration: Configuration, resume: ResumeMode, trapsNotFinite: Bool = false, timeline: TimelineRequest? = nil,
    communicator: any Communicator, machine: Machine, program: String = "", sinks: [any RunSink]
  ) throws {
    self.configuration = configuration
    self.communicator = communicator
    self.machine = machine
    self.timeline = timeline
    self.program = program
    self.sinks = communicator.rank == 0 ? sinks : []
    course = try RunCourse(configuration, communicator: communicator, machine: machine)
    trainer = try course.makeTrainer(machine)
    if trapsNotFinite { trainer.trapNotFinite() }
    let batch = max(1, min(course.plan.samplesPerShard, course.splits.valid.count))
    estimator = trainer.makeEstimator(batch: batch, machine.makeContext())
    critic = communicator.rank == 0 ? trainer.makeCritic(course.splits.train.skeleton, machine.makeContext()) : nil
    evaluator = Evaluator(course.splits.valid, configuration, batch: batch, communicator: communicator)
    for warning in configuration.warnings { tell("warning: \(warning)") }
    try takeUp(resume)
  }

  /// Trains to the end, or until a signal stops the run.
  public func run() throws -> Outcome {
    if wasFinished { return .finished }
    let loader = try course.makeLoader(from: trainer.completedSteps)
    let recorder = try timeline.map { try TimelineRecorder($0.path, communicator) }
    let lastRecorded = trainer.completedSteps + (timeline?.steps ?? 0)
    var watch = BalanceWatch(window: max(200, stepsPerEpoch))
    let clock = ContinuousClock()
    while trainer.completedSteps < totalSteps {
      let start = clock.now
      communicator.activity.enter(StepSpan.loadingData.name)
      let loading = Timeline.now
      let batch = try loader.next()
      communicator.activity.note(StepSpan.loadingData.name, from: loading)
      let waited = clock.now
      for broken in batch.broken { tell("warning: \(broken.error); its joints are masked") }
      let step: StepRecord
      do {
        step = try trainer.step(images: batch.images, heatmaps: batch.heatmaps, mask: batch.mask)
      } catch let error as NotFiniteError {
        throw try explained(error, batch, withReproducer: true)
      }
      if let error = step.skipped { try countSkipped(error, batch) }
      let epoch = batch.epoch
      loader.recycle(batch)
      let report = StepReport(
        step: trainer.completedSteps, totalSteps: totalSteps, epoch: epoch, record: step,
        seconds: (clock.now - start) / .seconds(1), dataWaitSeconds: (waited - start) / .seconds(1),
        communicationWaitSeconds: step.phases[.communication], batch: plan.batch)
      communicator.activity.finishStep(busySeconds: report.seconds - report.communicationWaitSeconds)
      for sink in sinks { try sink.take(report) }
      if configuration.adversarial.enabled, step.skipped == nil, let warning = watch.note(step) {
        tell("warning: " + warning)
      }
      try afterStep(step.requests)
      if trainer.completedSteps == lastRecorded { try recorder?.finish() }
      if step.requests.contains(.interrupt) || step.requests.contains(.terminate) {
        try save()
        try finishSaving()
        try recorder?.finish()
        return step.requests.contains(.interrupt) ? .interrupted : .terminated
      }
    }
    try evaluate()
    try save()
    try finishSaving()
    try recorder?.finish()
    return .finished
  }

  private var plan: ShardPlan { course.plan }
  private var splits: DataSplits { course.splits }
  private var totalSteps: Int { course.totalSteps }
  private var stepsPerEpoch: Int { course.stepsPerEpoch }

  /// A sentence for people.
  private func tell(_ text: String) { for sink in sinks { sink.tell(text) } }

  private func afterStep(_ requests: StopSignals.Requests) throws {
    try writer?.check()
    let step = trainer.completedSteps
    let isDue = { (every: Int) in every > 0 && step % every == 0 }
    if isDue(configuration.train.digestEvery) { try trainer.compareReplicas(communicator) }
    if isDue(configuration.evaluate.every) && step < totalSteps { try evaluate() }
    if (isDue(configuration.checkpoint.every) && step < totalSteps) || requests.contains(.save) { try save() }
  }

  // MARK: Steps that are not finite

  /// Steps that were skipped are few, or something is wrong that skipping hides.
  private var mostSkipped: Int { max(10, totalSteps / 100) }

  private func countSkipped(_ error: NotFiniteError, _ batch: Batch) throws {
    skippedSteps += 1
    let error = try explained(error, batch, withReproducer: skippedSteps > mostSkipped)
    guard skippedSteps <= mostSkipped else { throw error }
    tell("warning: \(error); skipped, \(skippedSteps) of at most \(mostSkipped)")
  }

  /// The same error on every rank, with the shard's samples and, on rank 0's disk, its inputs and the state.
  private func explained(
    _ error: NotFiniteError, _ batch: Batch, withReproducer: Bool
  ) throws -> NotFiniteError {
    guard let finding = error.finding else { return error }
    var error = error
    let part = RankBatch(
      images: batch.images, heatmaps: batch.heatmaps, mask: batch.mask, samplesPerShard: plan.samplesPerShard)
    let local = finding.shard % plan.localShardCount
    // Every rank has a shard of the same size in the same place; the finder's is sent to all.
    var samples = batch.samples[local * plan.samplesPerShard..<(local + 1) * plan.samplesPerShard].map(Int64.init)
    try samples.withUnsafeMutableBytes { try communicator.broadcast($0, root: finding.rank) }
    error.samples = samples.map { splits.train.name(of: Int($0)) }
    guard withReproducer else { return error }
    // Nobody ends before the reproducer is written.
    defer { try? communicator.barrier() }
    let inputs = [("images", part.images(local)), ("heatmaps", part.heatmaps(local)), ("mask", part.mask(local))]
    for (_, tensor) in inputs {
      try communicator.broadcast(UnsafeMutableRawBufferPointer(tensor.values), root: finding.rank)
    }
    guard let record else { return error }
    do {
      let path = try trainer.withState { state in
        try samples.withUnsafeBytes { samples in
          try record.write(
            reproducer: error.step,
            state + inputs.map { NamedArray(name: "inputs.\($0)", $1) } + [
              NamedArray(name: "inputs.samples", type: .i64, shape: [plan.samplesPerShard], bytes: samples)
            ])
        }
      }
      error.reproducer = "the shard's inputs and the state before the step are in \(path)"
    } catch {
      // The step that failed is what the run ends for, not this.
      tell("warning: no reproducer: \(error)")
    }
    return error
  }

  // MARK: Evaluation

  private func evaluate() throws {
    let step = trainer.completedSteps
    guard step != lastEvaluation else { return }
    lastEvaluation = step
    communicator.activity.enter(StepSpan.evaluating.name)
    let start = Timeline.now
    defer { communicator.activity.note(StepSpan.evaluating.name, from: start) }
    let outcome = try evaluator.evaluate(estimator, examples: 12)
    guard communicator.rank == 0, let record else { return }
    let pck = try PCK(splits.valid, outcome.predictions)
    lastMetric = pck.value
    let report = EvaluationReport(step: step, pck: pck, skeleton: splits.valid.skeleton)
    for sink in sinks { try sink.take(report) }
    if !outcome.examples.isEmpty {
      let name = "step-\(String(step).leftPadded(7, "0")).png"
      try record.write(sample: name, try SampleSheet.png(outcome.examples, splits.valid.skeleton, name: name))
    }
    try drawCritique(step, record)
  }

  /// What the discriminator thinks of the first validation sample that can be read.
  private func drawCritique(_ step: Int, _ record: RunDirectory) throws {
    guard let critic else { return }
    for index in 0..<splits.valid.count {
      guard let annotation = try? splits.valid.annotation(index), let image = try? splits.valid.image(index) else {
        continue
      }
      let name = "critique-\(String(step).leftPadded(7, "0")).png"
      let sheet = CritiqueSheet.make(image, critic.critique(image, annotation.square), critic.skeleton)
      try record.write(sample: name, try PNGWriter.encode(sheet, name: name))
      return
    }
  }

  // MARK: Checkpoints

  /// No rank leaves before the last checkpoint is on the disk: their watchdogs go with them.
  private func finishSaving() throws {
    try writer?.finish()
    try communicator.barrier()
  }

  private func save() throws {
    let step = trainer.completedSteps
    guard step != lastCheckpoint else { return }
    lastCheckpoint = step
    communicator.activity.enter(StepSpan.saving.name)
    let start = Timeline.now
    defer { communicator.activity.note(StepSpan.saving.name, from: start) }
    try trainer.compareReplicas(communicator)
    guard let writer else { return }
    let note = CheckpointRecord(
      step: step, epoch: step / max(1, stepsPerEpoch), seed: configuration.run.seed,
      configDigest: configuration.digest, datasetDigest: splits.digest, worldSize: communicator.worldSize,
      kernels: machine.level.name, skeleton: splits.train.skeleton.json,
      metric: lastEvaluation == step ? lastMetric : nil, skippedSteps: skippedSteps, program: program)
    try trainer.withState { state in
      try writer.start(
        state: state, config: configuration.yaml(), record: note, keep: configuration.checkpoint.keep
      ) { [flushes = sinks.compactMap(\.flush)] () throws(FileSystemError) in
        for flush in flushes { try flush() }
      }
    }
  }

  /// Opens the run's directory on rank 0, restores what it holds, and gives it to all.
  private func takeUp(_ resume: ResumeMode) throws {
    try Together.onRankZero(communicator) {
      let record = try RunDirectory(configuration.run.directory, resume: resume)
      for warning in record.warnings { tell("warning: \(warning)") }
      if let found = try record.resumePoint() { try goOn(from: found) }
      if wasFinished { return }
      try record.begin(at: trainer.completedSteps, config: configuration.yaml())
      for sink in sinks { try sink.begin(record) }
      writer = CheckpointWriter(record.checkpoints)
      self.record = record
    }
    try trainer.broadcastState(communicator)
    var numbers = [UInt64(skippedSteps), wasFinished ? 1 : 0]
    try communicator.broadcast(&numbers)
    (skippedSteps, wasFinished) = (Int(numbers[0]), numbers[1] == 1)
    // A run that was stopped after its last step is evaluated and saved once more.
    if trainer.completedSteps > 0 && trainer.completedSteps < totalSteps { lastCheckpoint = trainer.completedSteps }
  }

  /// On rank 0: takes over a checkpoint's state, if it is of the same run.
  private func goOn(from found: CheckpointStore.Found) throws {
    let checkpoint = found.checkpoint
    for rejected in found.rejected { tell("warning: not resumed from: \(rejected)") }
    if let differences = try course.differences(from: checkpoint) {
      throw CheckpointError(checkpoint.path, "is of another configuration: \(differences)")
    }
    try course.checkData(of: checkpoint, machine) { tell($0) }
    try trainer.restore(from: checkpoint.state)
    skippedSteps = checkpoint.record.skippedSteps
    wasFinished = checkpoint.step >= totalSteps && checkpoint.record.metric != nil
    tell(
      wasFinished
        ? "already finished at step \(checkpoint.step): \(checkpoint.path)"
        : "resuming from \(checkpoint.path), step \(checkpoint.step) of \(totalSteps)")
  }
}
