import Platform

#if canImport(Glibc)
  import Glibc
#endif

/// Prepares training batches ahead of the step that needs them, on threads of its own.
///
/// Step s of a run, counted over all epochs, uses the s mod S-th batch of epoch s / S, S being the full batches in an
/// epoch; of a global batch of B, rank r of P prepares the places rB/P ..< (r+1)B/P. What a batch holds is a function
/// of the seed and the step, never of the threads. The memory of all batches is reserved once.
public final class BatchLoader {
  /// Full batches in an epoch.
  public let stepsPerEpoch: Int
  /// Most different broken samples that are skipped: a twentieth of the set, at least 10, and never the whole set.
  ///
  /// Each rank counts those it meets, in the order of steps, so where a run ends does not depend on the threads.
  public let brokenLimit: Int

  private let dataset: any PoseDataset
  private let onBroken: BrokenSamplePolicy
  private let queue: BatchQueue
  private var threads: [SystemThread] = []
  private var brokenSamples: Set<Int> = []
  private var failure: DataError?

  /// - Parameters:
  ///   - batch: B, a multiple of `worldSize`.
  ///   - sigma: of the heatmaps, in their pixels; `cut` as in `HeatmapTarget`.
  ///   - startStep: steps already done, over all epochs.
  ///   - depth: batches prepared while the caller holds one.
  /// - Throws: `DataError` where the samples do not fill one batch, or threads cannot be started.
  public init(
    dataset: any PoseDataset, seed: UInt64, batch: Int, rank: Int = 0, worldSize: Int = 1, inputResolution: Int,
    sigma: Double, cut: Double = 0, augmentation: Augmentation = Augmentation(), onBroken: BrokenSamplePolicy = .fail,
    startStep: Int = 0, threads: Int = 1, depth: Int = 2
  ) throws(DataError) {
    precondition(worldSize > 0 && (0..<worldSize).contains(rank), "rank \(rank) of \(worldSize)")
    precondition(batch > 0 && batch % worldSize == 0, "a batch of \(batch) on \(worldSize) ranks")
    precondition(startStep >= 0 && threads >= 1 && depth >= 1)
    let first = try SampleOrder(seed: seed, epoch: 0, portions: dataset.portions, batch: batch)
    let count = batch / worldSize
    let batches = (0...depth).map { _ in
      Batch(count: count, inputResolution: inputResolution, joints: dataset.skeleton.jointCount)
    }
    self.dataset = dataset
    self.onBroken = onBroken
    stepsPerEpoch = first.steps
    brokenLimit = min(max(10, dataset.count / 20), dataset.count - 1)
    queue = BatchQueue(
      free: batches, part: rank * count..<(rank + 1) * count, order: first.at(epoch: startStep / first.steps),
      step: startStep)
    let plan = Plan(
      dataset: dataset, seed: seed, inputResolution: inputResolution, target: HeatmapTarget(sigma: sigma, cut: cut),
      augmentation: augmentation)
    for number in 0..<threads { self.threads.append(try start(number, of: threads, plan)) }
  }

  deinit {
    queue.stop()
    for thread in threads { thread.join() }
  }

  /// The batch of the next step, waiting for it where it is not ready.
  ///
  /// - Throws: the error of the batch's first broken sample where broken ones end the run, or an error when more than
  ///   `brokenLimit` have been skipped; every later call throws it again.
  public func next() throws(DataError) -> Batch {
    if let failure { throw failure }
    let batch = queue.next()
    for (place, error) in batch.errors.enumerated() {
      guard let error else { continue }
      let sample = batch.visits[place].sample
      batch.broken.append(Batch.BrokenSample(sample: sample, error: error))
      brokenSamples.insert(sample)
      if onBroken == .fail { failure = error }
      if onBroken == .skip && brokenSamples.count > brokenLimit {
        failure = DataError(
          error.place,
          "\(error.problem); with it \(brokenSamples.count) of \(dataset.count) samples are broken, and at most \(brokenLimit) "
            + "are skipped")
      }
      if let failure {
        queue.recycle(batch)
        throw failure
      }
    }
    return batch
  }

  /// Gives a batch's memory back; nothing may look at its tensors afterwards.
  public func recycle(_ batch: Batch) { queue.recycle(batch) }

  /// What a thread needs to know.
  private struct Plan: Sendable {
    let dataset: any PoseDataset
    let seed: UInt64
    let inputResolution: Int
    let target: HeatmapTarget
    let augmentation: Augmentation
  }

  private func start(_ number: Int, of threads: Int, _ plan: Plan) throws(DataError) -> SystemThread {
    do throws(SystemThreadError) {
      return try SystemThread { [queue] in BatchLoader.work(plan, queue) }
    } catch {
      throw DataError("data loader", "cannot start thread \(number + 1) of \(threads): \(error)")
    }
  }

  private static func work(_ plan: Plan, _ queue: BatchQueue) {
    let renderer = SampleRenderer(dataset: plan.dataset, inputResolution: plan.inputResolution, target: plan.target)
    while let job = queue.take() {
      // A sample that an epoch visits again is changed in another way.
      let draw = plan.augmentation.draw(
        seed: plan.seed, epoch: job.epoch, sample: job.visit.sample + job.visit.repetition * plan.dataset.count)
      let (images, heatmaps) = (job.batch.images.image(job.place), job.batch.heatmaps.image(job.place))
      let mask = job.batch.mask.image(job.place)
      do {
        try renderer.render(job.visit.sample, draw, images: images, heatmaps: heatmaps, mask: mask)
        queue.finish(job, nil)
      } catch {
        for tensor in [images, heatmaps, mask] { tensor.values.update(repeating: 0) }
        queue.finish(job, error)
      }
    }
  }
}
