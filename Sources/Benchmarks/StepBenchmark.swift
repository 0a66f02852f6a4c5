import Communication
import Configuration
import DataParallel
import Estimation
import Kernels
import Platform
import Tensors
import Training

#if canImport(Glibc)
  import Glibc
#endif

/// Times `AdversarialTrainer.step` with k_t held at 0.1, so that nothing of it can be left out.
public final class StepBenchmark {
  /// In which steps ranks talk to each other. In the others each goes on with its own numbers.
  public enum Exchange: Sendable {
    case always, never
    /// After each step with, one without: a machine's better and worse moments meet both alike.
    case everyOther
  }

  private let name: String
  private let trainer: AdversarialTrainer
  private let communicator: any Communicator
  private let mute = Mute()
  private let exchange: Exchange
  private let machine: Machine
  private let memory: [OwnedBatchPart]
  private let blas: BLASLibrary

  /// - Throws: `ConfigurationError` where batch, shards and ranks, or the sizes of maps, do not go together; errors of
  ///   communication.
  public init(
    _ workload: BenchWorkload, communicator: any Communicator, _ machine: Machine, blasCore: String = "auto",
    exchange: Exchange = .always
  ) throws {
    name = workload.name
    self.communicator = communicator
    self.machine = machine
    self.exchange = exchange
    mute.isOn = exchange == .never
    blas = try BLASLibrary.load(blasCore: blasCore)
    let plan: ShardPlan
    do throws(ShardPlanError) {
      plan = try ShardPlan(
        batch: workload.batch, shards: workload.shards, rank: communicator.rank, worldSize: communicator.worldSize)
    } catch {
      throw ConfigurationError("--shards", "\(error)")
    }
    let (side, depth) = (workload.settings.inputResolution, workload.settings.model.generator.depth)
    guard side % (4 << depth) == 0 else {
      throw ConfigurationError("--resolution", "is \(side), no multiple of \(4 << depth)")
    }
    var settings = workload.settings
    settings.bucketSize = try BucketSize(
      mebibytes: workload.comm.bucketMib, workload.comm.algorithm, over: communicator)
    let isMuted = exchange != .always
    trainer = try AdversarialTrainer(
      settings, plan: plan, communicator: communicator, context: machine.makeContext(),
      wrappingReducers: { [mute] reducer in isMuted ? MutedReducer(reducer, mute) : reducer })
    let (count, joints) = (plan.localPositions.count, workload.settings.joints)
    memory = [
      OwnedBatchPart(Shape(n: count, h: side, w: side, c: 3), seed: 1),
      OwnedBatchPart(Shape(n: count, h: side / 4, w: side / 4, c: joints), seed: 2),
      OwnedBatchPart(Shape(n: count, h: 1, w: 1, c: joints), seed: nil),
    ]
  }

  private static var usage: (peakMebibytes: Int, pageFaults: Int) {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return (usage.ru_maxrss / 1024, usage.ru_minflt + usage.ru_majflt)
  }

  private func takeStep() throws -> StepRecord {
    try trainer.step(images: memory[0].tensor, heatmaps: memory[1].tensor, mask: memory[2].tensor)
  }

  /// One step to warm up, then `steps` of which each operation is timed.
  public func profile(steps: Int) throws -> KernelTable {
    _ = try takeStep()
    let profile = KernelProfile()
    trainer.record(into: profile)
    defer { trainer.record(into: nil) }
    let seconds = try ContinuousClock().measure { for _ in 0..<steps { _ = try takeStep() } } / .seconds(1)
    return KernelTable(
      entries: profile.entries, steps: steps, stepSeconds: seconds / Double(steps),
      peaks: MachinePeaks(machine.pool, machine.level), threads: machine.pool.threads, kernels: machine.level.name)
  }

  /// A step, after what ranks did before it, each in its own time; its seconds and its page faults.
  private func timedStep() throws -> (record: StepRecord, seconds: Double, faults: Int) {
    try communicator.barrier()
    let before = Self.usage.pageFaults
    // The step's own clock: another's code would be new pages.
    let start = Timeline.now
    let record = try takeStep()
    return (record, Double(Timeline.now - start) / 1e9, Self.usage.pageFaults - before)
  }

  /// One step to warm up, then `steps` that are timed, and as many without exchange where every other is to be.
  ///
  /// - Parameter timeline: a file for all ranks' phases and exchanges in them; nil: none.
  public func run(steps: Int, timeline: String? = nil) throws -> JSONObject {
    var seconds: [Double] = []
    var muteSeconds: [Double] = []
    var records: [StepRecord] = []
    // Room for all, so that nothing but the step itself could allocate or touch a new page.
    seconds.reserveCapacity(steps)
    muteSeconds.reserveCapacity(steps)
    records.reserveCapacity(steps)
    _ = try takeStep()
    // A step's memory is planned: the first has reached the peak, and what the limit is measured with is not a step's.
    let peak = Self.usage.peakMebibytes
    let limit = StepLimit(blas, machine.pool, steps: steps)
    let recorder = try timeline.map { try TimelineRecorder($0, communicator) }
    var faults = 0
    func timeMute() throws {
      mute.isOn = true
      muteSeconds.append(try timedStep().seconds)
      mute.isOn = false
    }
    for step in 0..<steps {
      // Of a pair of steps each is the first in turn: the one after the limit's sample finds other caches.
      if exchange == .everyOther && step % 2 == 1 { try timeMute() }
      let timed = try timedStep()
      seconds.append(timed.seconds)
      records.append(timed.record)
      faults += timed.faults
      if exchange == .everyOther && step % 2 == 0 { try timeMute() }
      limit.sample(after: step)
    }
    try recorder?.finish()
    let middle = median(seconds)
    let figures = trainer.figures
    let ranks = try gatherRanks(records, seconds, peak)
    var phases = JSONObject()
    for phase in StepPhase.allCases {
      phases.append(phase.name, JSONValue(median(records.map { $0.phases[phase] })))
    }
    var result: JSONObject = [
      "program": "equipoise", "preset": .string(name), "batch": JSONValue(trainer.plan.batch),
      "shards": JSONValue(trainer.plan.shards), "ranks": JSONValue(trainer.plan.worldSize),
      "threads": JSONValue(machine.pool.threads), "precision": MemoryLayout<Real>.size == 8 ? "fp64" : "fp32",
      "convolution": .string(machine.convolution.rawValue), "step_seconds_min": JSONValue(seconds.min()!),
      "step_seconds_median": JSONValue(middle), "step_seconds": .array(seconds.map { JSONValue($0) }),
      "images_per_second": JSONValue(Double(trainer.plan.batch) / middle),
      "peak_rss_mib": JSONValue(peak), "page_faults": JSONValue(faults), "blas_core": .string(blas.coreName),
      "kernels": .string(machine.level.name), "sgemm_gflops": JSONValue(limit.rate / 1e9),
      "multiplications": JSONValue(figures.multiplications),
      "limit_seconds": JSONValue(limit.seconds(multiplications: figures.multiplications)),
      "limit_share": JSONValue(limit.seconds(multiplications: figures.multiplications) / middle),
      "bucket_bytes": .array(figures.bucketBytes.map { JSONValue($0) }),
      "phase_seconds": .object(phases), "rank_seconds": .array(ranks),
      "parameters_generator": JSONValue(figures.generatorParameters),
      "parameters_discriminator": JSONValue(figures.discriminatorParameters),
    ]
    if exchange == .everyOther {
      result.append("no_exchange", .object(try costOfExchange(seconds, muteSeconds)))
    }
    return result
  }
}

extension StepBenchmark {
  /// Of every rank medians of the seconds that it computed in a step, waited for others, and took for sums over ranks,
  /// hidden or not; and its peak memory.
  private func gatherRanks(_ records: [StepRecord], _ seconds: [Double], _ peak: Int) throws -> [JSONValue] {
    let own = [
      median(zip(records, seconds).map { $1 - $0.phases[.communication] }),
      median(records.map { $0.phases[.communication] }), median(records.map(\.communicationSeconds)),
      Double(peak),
    ]
    return try communicator.allGather(numbers: own).map { figures in
      [
        "compute": JSONValue(figures[0]), "communication_wait": JSONValue(figures[1]),
        "communication": JSONValue(figures[2]), "peak_rss_mib": JSONValue(Int(figures[3])),
      ]
    }
  }
}

extension StepBenchmark {
  /// What steps without exchange took, this rank's and in the mean of ranks' medians; and how much longer a step takes
  /// with: than that, and than the slowest rank's step of each time, which even ranks that do not talk would wait for
  /// if they began each step together.
  private func costOfExchange(_ seconds: [Double], _ muteSeconds: [Double]) throws -> JSONObject {
    let ranks = try communicator.allGather(numbers: muteSeconds)
    let alone = ranks.map { median($0) }.reduce(0, +) / Double(ranks.count)
    let slowest = median(muteSeconds.indices.map { step in ranks.map { $0[step] }.max()! })
    return [
      "step_seconds": .array(muteSeconds.map { JSONValue($0) }), "step_seconds_median": JSONValue(alone),
      "slowest_rank_seconds_median": JSONValue(slowest), "ratio": JSONValue(median(seconds) / alone),
      "ratio_to_slowest_rank": JSONValue(median(seconds) / slowest),
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
