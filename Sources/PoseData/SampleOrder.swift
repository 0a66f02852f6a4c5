import Tensors

/// The order in which an epoch visits the samples: a function of (seed, epoch), the same on every rank.
public struct SampleOrder: Sendable {
  public let epoch: Int
  /// Full batches in the epoch; what is left over at its end is dropped.
  public let steps: Int
  private let seed: UInt64
  private let order: [Int]
  private let batch: Int

  /// - Throws: `DataError` where the samples do not fill one batch.
  public init(seed: UInt64, epoch: Int, count: Int, batch: Int) throws(DataError) {
    precondition(batch > 0, "a batch of \(batch)")
    guard count >= batch else {
      throw DataError("training set", "\(count) samples, fewer than a batch of \(batch)")
    }
    self.init(seed, epoch, count, batch)
  }

  private init(_ seed: UInt64, _ epoch: Int, _ count: Int, _ batch: Int) {
    self.seed = seed
    self.epoch = epoch
    self.batch = batch
    steps = count / batch
    var random = CounterRandom(seed: seed, purpose: "sample order", UInt64(epoch))
    order = random.permutation(count)
  }

  /// The order of another epoch of the same run.
  public func at(epoch: Int) -> SampleOrder { SampleOrder(seed, epoch, order.count, batch) }

  /// The samples of the global batch of a step of this epoch, from 0.
  public func batchIndices(_ step: Int) -> ArraySlice<Int> {
    precondition((0..<steps).contains(step), "step \(step) of \(steps)")
    return order[step * batch..<(step + 1) * batch]
  }
}
