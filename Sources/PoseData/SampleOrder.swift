import Tensors

/// The order in which an epoch visits the samples: a function of (seed, epoch), the same on every rank.
///
/// A portion of n samples with m visits an epoch is gone through in its own order, over and over: epoch e pays visits
/// e·m ..< (e+1)·m, visit v being of sample v mod n. So with m < n other samples come in other epochs, and with m = n
/// all come in each. The visits of all portions are then shuffled.
public struct SampleOrder: Sendable {
  /// A sample's turn.
  public struct Visit: Sendable, Equatable {
    public var sample: Int
    /// How often the epoch has visited it before.
    public var repetition: Int
  }

  public let epoch: Int
  /// Full batches in the epoch; what is left over at its end is dropped.
  public let steps: Int
  private let seed: UInt64
  private let portions: [SamplePortion]
  private let order: [Int]
  private let batch: Int

  /// - Throws: `DataError` where the visits do not fill one batch.
  public init(seed: UInt64, epoch: Int, portions: [SamplePortion], batch: Int) throws(DataError) {
    precondition(batch > 0, "a batch of \(batch)")
    precondition(portions.allSatisfy { $0.visits >= 0 && ($0.visits == 0 || !$0.samples.isEmpty) }, "\(portions)")
    let visits = portions.map(\.visits).reduce(0, +)
    guard visits >= batch else {
      throw DataError("training set", "\(visits) samples, fewer than a batch of \(batch)")
    }
    self.init(seed, epoch, portions, batch)
  }

  private init(_ seed: UInt64, _ epoch: Int, _ portions: [SamplePortion], _ batch: Int) {
    self.seed = seed
    self.epoch = epoch
    self.portions = portions
    self.batch = batch
    let visits = portions.map(\.visits).reduce(0, +)
    steps = visits / batch
    var random = CounterRandom(seed: seed, purpose: "sample order", UInt64(epoch))
    order = random.permutation(visits)
  }

  /// The order of another epoch of the same run.
  public func at(epoch: Int) -> SampleOrder { SampleOrder(seed, epoch, portions, batch) }

  /// The global batch of a step of this epoch, from 0.
  public func visits(_ step: Int) -> [Visit] {
    precondition((0..<steps).contains(step), "step \(step) of \(steps)")
    return order[step * batch..<(step + 1) * batch].map(visit)
  }

  private func visit(_ number: Int) -> Visit {
    var number = number
    for portion in portions {
      guard number >= portion.visits else {
        let count = portion.samples.count
        let turn = epoch * portion.visits + number
        return Visit(sample: portion.samples.lowerBound + turn % count, repetition: number / count)
      }
      number -= portion.visits
    }
    preconditionFailure("a visit beyond the epoch")
  }
}
