import Tensors

/// Where a convolution's parameter gradients go: dW = (keep ? dW : 0) + scale · (the gradient), the bias likewise.
public struct ConvolutionGradient {
  let weights: UnsafeMutablePointer<Real>
  let bias: UnsafeMutablePointer<Real>
  let scale: Real
  let keep: Bool

  /// Whether nothing is added, so that the gradient need not be known: D's on the fake where k_t is 0.
  var isNothing: Bool { scale == 0 && keep }

  public init(weights: UnsafeMutablePointer<Real>, bias: UnsafeMutablePointer<Real>, scale: Real, keep: Bool) {
    self.weights = weights
    self.bias = bias
    self.scale = scale
    self.keep = keep
  }
}

/// Partial sums of a weight gradient over groups of row blocks. How many there are follows from the shape.
struct WeightSums {
  private static let most = 16

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

  func finish(_ context: KernelContext, _ gradient: ConvolutionGradient, biasIsZero: Bool) {
    if gradient.isNothing { return }
    let pieces = Blocks(count: count, size: 4096)
    context.pool.run(pieces.number) { piece, _ in
      let range = pieces.range(piece)
      context.table.sum_parts(
        weightParts.pointer + range.lowerBound, range.count, count, Int32(groups), gradient.scale,
        gradient.keep ? 1 : 0, gradient.weights + range.lowerBound)
    }
    context.finishBias(biasIsZero ? nil : biasParts, parts: blocks, channels: channels, gradient)
  }

  func release(_ context: KernelContext) {
    context.arena.release(weightParts)
    context.arena.release(biasParts)
  }
}

extension KernelContext {
  /// The bias's gradient from partial sums; nil stands for zero, which it is right before a batch normalisation.
  func finishBias(_ parts: Tensor?, parts number: Int, channels: Int, _ gradient: ConvolutionGradient) {
    if let parts {
      table.sum_parts(
        parts.pointer, channels, channels, Int32(number), gradient.scale, gradient.keep ? 1 : 0, gradient.bias)
    } else if !gradient.keep {
      gradient.bias.update(repeating: 0, count: channels)
    }
  }
}
