import CKernels
import Tensors

/// What every kernel needs: an arena for its tensors, workers for their values, and how to convolve.
public final class KernelContext {
  public let pool: ThreadPool
  public let arena: Arena
  public let convolution: ConvolutionAlgorithm
  public let level: KernelLevel
  private let workers: Workers

  public init(pool: ThreadPool, level: KernelLevel, convolution: ConvolutionAlgorithm, arena: Arena = Arena()) {
    self.pool = pool
    self.level = level
    self.convolution = convolution
    self.arena = arena
    workers = Workers(pool, level)
  }

  /// Multiplications of the operations that were planned.
  public private(set) var plannedMultiplications = 0.0
  /// Where the time of each operation is written down; nil: nowhere.
  public var profile: KernelProfile?

  public var isPlanning: Bool { arena.isPlanning }

  var panel: Int { workers.panel }
  var stripRows: Int { workers.stripRows }

  /// Does an operation's work on values. All work on tensors' values is done here, all allocation outside.
  ///
  /// While the arena is planning there are no values: `body` is not run, but the operation's multiplications are counted
  /// and its working memory is reserved.
  ///
  /// - Parameters:
  ///   - operation: what is counted and timed; nil for a few numbers a channel.
  ///   - scratch: bytes of working memory that each thread needs.
  ///   - planned: what is returned while planning.
  ///   - body: is given the workers. It allocates and releases nothing.
  public func perform<Result>(
    _ operation: @autoclosure () -> KernelOperation? = nil, scratch: Int = 0, whilePlanning planned: Result,
    _ body: (_ workers: Workers) -> Result
  ) -> Result {
    if isPlanning {
      plannedMultiplications += operation()?.multiplications ?? 0
      pool.reserveScratch(bytes: scratch)
      return planned
    }
    guard let profile, let operation = operation() else { return body(workers) }
    return profile.measure(operation) { body(workers) }
  }

  /// The same without a result.
  public func perform(
    _ operation: @autoclosure () -> KernelOperation? = nil, scratch: Int = 0, _ body: (_ workers: Workers) -> Void
  ) {
    perform(operation(), scratch: scratch, whilePlanning: (), body)
  }

  /// Cuts `count` rows into blocks whose size depends on the shape alone: enough of them for many threads where there
  /// are many rows, and never so many rows that `rowBytes` a row outgrow a core's second-level cache.
  func blocks(of count: Int, rowBytes: Int) -> Blocks {
    let fitting = max(16, (384 << 10) / max(1, rowBytes))
    let wanted = (count / 16 + 15) / 16 * 16
    let number = Blocks(count: count, size: min(count, max(32, min(wanted, fitting, 512)))).number
    // As many in each of an even number of groups, so that threads' shares begin where a map's halves do.
    let each = Blocks(count: number, size: WeightGradientPartials.most).number
    let groups = (Blocks(count: number, size: each).number + 1) / 2 * 2
    return Blocks(count: count, size: Blocks(count: count, size: groups * each).number)
  }
}

/// Consecutive ranges of one size, the last perhaps shorter.
struct Blocks {
  private let whole: Range<Int>
  let size: Int

  init(of whole: Range<Int>, size: Int) {
    self.whole = whole
    self.size = size
  }

  init(count: Int, size: Int) { self.init(of: 0..<count, size: size) }

  var count: Int { whole.count }
  var number: Int { count == 0 ? 0 : (count + size - 1) / size }
  func range(_ index: Int) -> Range<Int> { range(of: index..<index + 1) }
  /// What several of them cover.
  func range(of indices: Range<Int>) -> Range<Int> {
    whole.lowerBound + indices.lowerBound * size..<min(whole.upperBound, whole.lowerBound + indices.upperBound * size)
  }
}

/// How 3×3 convolutions of stride 1 are computed.
public enum ConvolutionAlgorithm: String, Sendable, CaseIterable {
  /// Winograd F(4×4, 3×3): a quarter of the multiplications, about 1e-5 of the largest value in error.
  case winograd
  /// Patches and a matrix product, nothing transformed: the reference.
  case direct
}
