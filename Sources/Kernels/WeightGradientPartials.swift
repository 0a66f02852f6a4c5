import Tensors

/// Partial sums of a weight gradient over groups of row blocks. How many there are follows from the shape, and so does the
/// tree in which they are added: half of the groups to the other half, and each of these likewise. The thread that completes
/// the second of two sums adds them: mostly it has just written both.
struct WeightGradientPartials {
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

  /// Adds what can be added when a group's sums are complete. The two halves are left for `finish`.
  func combine(after group: Int, _ workers: Workers) {
    let middle = groups / 2
    if groups > 1 { _ = complete(group < middle ? 0..<middle : middle..<groups, group, workers) }
  }

  /// - Returns: whether the sum over these groups is complete since this call.
  private func complete(_ range: Range<Int>, _ group: Int, _ workers: Workers) -> Bool {
    if range.count == 1 { return true }
    let middle = (range.lowerBound + range.upperBound) / 2
    let half = group < middle ? range.lowerBound..<middle : middle..<range.upperBound
    guard complete(half, group, workers), workers.latch.arrivesSecond(at: middle) else { return false }
    workers.table.sum_parts(
      weights(range.lowerBound), count, (middle - range.lowerBound) * count, 2, 1, 0, weights(range.lowerBound))
    return true
  }

  func finish(_ workers: Workers, _ gradient: ConvolutionGradient, biasIsZero: Bool) {
    if gradient.isNothing { return }
    workers.reduceWeightGradient(
      weightParts, parts: min(2, groups), stride: groups / 2 * count, count: count, gradient.weights)
    workers.reduceBiasGradient(biasIsZero ? nil : biasParts, parts: blocks, channels: channels, gradient.bias)
  }

  func release(_ context: KernelContext) {
    context.arena.release(weightParts)
    context.arena.release(biasParts)
  }
}
