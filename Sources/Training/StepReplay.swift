import Communication
import Configuration
import DataParallel
import Estimation
import Platform
import PoseData
import RunRecord

/// One step of a run again, from the nearest checkpoint on, with figures of every tensor that it writes.
///
/// Nothing of the run's directory is written. Figures are by shard, so a dump does not depend on the number of ranks.
public final class StepReplay {
  private let communicator: any Communicator
  private let plan: ShardPlan
  private let trainer: AdversarialTrainer
  private let loader: BatchLoader
  private let step: Int

  /// Brings the run to where `step` begins.
  ///
  /// - Parameters:
  ///   - start: a checkpoint before `step` on rank 0, on others anything; nil: from the beginning.
  ///   - step: counted from 1.
  ///   - report: is told of what happens, on rank 0.
  public init(
    _ configuration: Configuration, from start: Checkpoint?, step: Int, communicator: any Communicator,
    machine: Machine, report: (String) -> Void
  ) throws {
    self.communicator = communicator
    self.step = step
    let course = try RunCourse(configuration, communicator: communicator, machine: machine)
    plan = course.plan
    try Together.everywhere(communicator) {
      guard step <= course.totalSteps else {
        throw ConfigurationError("--step", "is \(step), and the run has \(course.totalSteps) steps")
      }
    }
    let trainer = try course.makeTrainer(machine)
    self.trainer = trainer
    try Together.onRankZero(communicator) {
      guard let start else { return }
      try course.checkData(of: start, machine, warn: report)
      if let differences = try course.differences(from: start) {
        report("warning: \(start.path) is of another configuration: \(differences)")
      }
      try trainer.restore(from: start.state)
    }
    try trainer.broadcastState(communicator)
    loader = try course.makeLoader(from: trainer.completedSteps)
    try Together.everywhere(communicator) {
      guard trainer.completedSteps < step else {
        throw ConfigurationError(
          "--step", "is \(step), and the checkpoint was taken after step \(trainer.completedSteps)")
      }
    }
    if communicator.rank == 0 {
      report("from \(start?.path ?? "the beginning"), after step \(trainer.completedSteps)")
    }
    while trainer.completedSteps < step - 1 {
      let batch = try loader.next()
      _ = try trainer.step(images: batch.images, heatmaps: batch.heatmaps, mask: batch.mask)
      loader.recycle(batch)
    }
  }

  /// What the step came to, and on rank 0 its dump: what went in, what each shard's passes wrote, the sums over all
  /// shards, and the state after it.
  public func run() throws -> (outcome: Result<StepRecord, NotFiniteError>, dump: [JSONObject]) {
    let inspector = StepInspector(.dump)
    trainer.inspector = inspector
    let batch = try loader.next()
    let outcome: Result<StepRecord, NotFiniteError>
    do {
      let record = try trainer.step(images: batch.images, heatmaps: batch.heatmaps, mask: batch.mask)
      outcome = .success(record)
    } catch let error as NotFiniteError {
      outcome = .failure(error)
    }
    trainer.inspector = nil
    let part = RankBatch(
      images: batch.images, heatmaps: batch.heatmaps, mask: batch.mask, samplesPerShard: plan.samplesPerShard)
    var tensors: [DumpedTensor] = []
    for shard in 0..<plan.localShardCount {
      for (name, tensor) in [
        ("images", part.images(shard)), ("heatmaps", part.heatmaps(shard)), ("mask", part.mask(shard)),
      ] {
        tensors.append(DumpedTensor(part: "batch", shard: shard, name: name, tensor))
      }
      tensors += inspector.tensors.filter { $0.shard == shard }
    }
    loader.recycle(batch)
    for index in tensors.indices { tensors[index].shard! += plan.rank * plan.localShardCount }
    return (outcome, try gather(tensors, applied: (try? outcome.get()).map { $0.skipped == nil } ?? false))
  }

  /// All ranks' tensors in the order of shards, then those of the whole batch, which every rank has.
  private func gather(_ tensors: [DumpedTensor], applied: Bool) throws -> [JSONObject] {
    let own = Array(tensors.map { $0.json.text }.joined(separator: "\n").utf8)
    let all = try communicator.allGather(own)
    guard communicator.rank == 0 else { return [] }
    var lines: [JSONObject] = []
    for bytes in all {
      for line in bytes.split(separator: UInt8(ascii: "\n")) {
        if let object = try JSONParser.parse(Array(line)).object { lines.append(object) }
      }
    }
    guard applied else { return lines }
    lines += trainer.withGradients { $0.map { DumpedTensor(part: "sum over shards", $0).json } }
    lines += trainer.withState { $0.map { DumpedTensor(part: "state after", $0).json } }
    return lines
  }
}
