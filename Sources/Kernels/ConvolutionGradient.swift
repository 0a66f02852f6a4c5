import Synchronization
import Tensors

/// Where the gradients of a convolution's parameters go.
public struct ConvolutionGradient {
  let weights: ParameterGradient
  let bias: ParameterGradient

  /// Whether neither gradient need be known.
  var isNothing: Bool { weights.isNothing && bias.isNothing }

  public init(weights: ParameterGradient, bias: ParameterGradient) {
    self.weights = weights
    self.bias = bias
  }
}

/// Partial sums of a weight gradient over groups of row blocks. How many there are follows from the shape, and so does the
/// tree in which they are added: half of the groups to the other half, and each of these likewise. Of two sums whoever
/// completes the second adds them: mostly the thread that has just written both.
struct WeightSums {
  static let most = 16

  let blocksEach: Int
  private let groups: Int
  private let blocks: Int
  private let count: Int
  private let channels: Int
  private let weightParts: Tensor
  private let biasParts: Tensor

  init(_ context: KernelContext, blocks: Blocks, weights: Int, channels: Int) {
    self.blocks = blocks.number
    blocksEach = (blocks.number + Self.most - 1) / Self.most
    groups = (blocks.number + blocksEach - 1) / blocksEach
    count = weights
    self.channels = channels
    weightParts = context.arena.allocate(Shape(n: 1, h: 1, w: groups, c: weights))
    biasParts = context.arena.allocate(Shape(n: 1, h: 1, w: blocks.number, c: channels))
  }

  func weights(_ group: Int) -> UnsafeMutablePointer<Real> { weightParts.pointer + group * count }
  func bias(_ block: Int) -> UnsafeMutablePointer<Real> { biasParts.pointer + block * channels }

  /// Adds what can be added when a group's sums are there. The two halves are left for `finish`.
  func close(_ group: Int, _ workers: Workers) {
    let middle = groups / 2
    if groups > 1 { _ = complete(group < middle ? 0..<middle : middle..<groups, group, workers) }
  }

  /// - Returns: whether the sum over these groups is complete since this call.
  private func complete(_ range: Range<Int>, _ group: Int, _ workers: Workers) -> Bool {
    if range.count == 1 { return true }
    let middle = (range.lowerBound + range.upperBound) / 2
    let half = group < middle ? range.lowerBound..<middle : middle..<range.upperBound
    guard complete(half, group, workers), workers.halves.isSecond(at: middle) else { return false }
    workers.table.sum_parts(
      weights(range.lowerBound), count, (middle - range.lowerBound) * count, 2, 1, 0, weights(range.lowerBound))
    return true
  }

  func finish(_ workers: Workers, _ gradient: ConvolutionGradient, biasIsZero: Bool) {
    if gradient.isNothing { return }
    workers.finishWeights(
      weightParts, parts: min(2, groups), distance: groups / 2 * count, count: count, gradient.weights)
    workers.finishBias(biasIsZero ? nil : biasParts, parts: blocks, channels: channels, gradient.bias)
  }

  func release(_ context: KernelContext) {
    context.arena.release(weightParts)
    context.arena.release(biasParts)
  }
}

extension Workers {
  /// The weights' gradient from partial sums of `count` numbers each, from the first to the last.
  func finishWeights(
    _ parts: Tensor, parts number: Int, distance: Int, count: Int, _ gradient: ParameterGradient
  ) {
    if gradient.isNothing { return }
    let pieces = Blocks(count: count, size: 4096)
    run(pieces.number) { piece, _ in
      let range = pieces.range(piece)
      table.sum_parts(
        parts.pointer + range.lowerBound, range.count, distance, Int32(number), gradient.scale, gradient.keep ? 1 : 0,
        gradient.values + range.lowerBound)
    }
  }

  /// The bias's gradient from partial sums; nil stands for zero, which it is right before a batch normalisation.
  func finishBias(_ parts: Tensor?, parts number: Int, channels: Int, _ gradient: ParameterGradient) {
    if let parts {
      table.sum_parts(
        parts.pointer, channels, channels, Int32(number), gradient.scale, gradient.keep ? 1 : 0, gradient.values)
    } else if !gradient.keep {
      gradient.values.update(repeating: 0, count: channels)
    }
  }
}

/// Which of two halves of a sum is complete: the second to come has both.
final class Halves {
  private let arrived: UnsafeMutablePointer<Atomic<Bool>>
  private let count: Int
  /// Flags from one pair's to the next one's, two cache lines apart.
  private static let distance = 128

  init(count: Int) {
    self.count = count
    arrived = .allocate(capacity: count * Self.distance)
    for flag in 0..<count * Self.distance { (arrived + flag).initialize(to: Atomic(false)) }
  }

  deinit {
    arrived.deinitialize(count: count * Self.distance)
    arrived.deallocate()
  }

  /// Says that one half of a pair is complete. For the second it is true, and the pair is as before then.
  func isSecond(at pair: Int) -> Bool {
    let flag = pair * Self.distance
    if !arrived[flag].exchange(true, ordering: .acquiringAndReleasing) { return false }
    arrived[flag].store(false, ordering: .relaxed)
    return true
  }
}
