import Kernels
import Tensors

/// Runs kernels and layers as a trainer does: planned once, then run in the planned places.
public struct Workbench: Sendable {
  public var threads = 1
  public var level = KernelLevel.best
  public var convolution = ConvolutionAlgorithm.winograd

  public init(
    threads: Int = 1, level: KernelLevel = .best, convolution: ConvolutionAlgorithm = .winograd
  ) {
    self.threads = threads
    self.level = level
    self.convolution = convolution
  }

  /// The levels that this CPU can run, fastest first.
  public static var levels: [KernelLevel] { KernelLevel.names.compactMap(KernelLevel.init(named:)) }

  /// A context of its own.
  public func context() -> KernelContext {
    return KernelContext(pool: ThreadPool(threads: threads), level: level, convolution: convolution)
  }

  /// Plans `computation`, runs it, and reads the tensors that it returns.
  public func run(_ computation: (KernelContext) throws -> [Tensor]) rethrows -> [[Double]] {
    let context = context()
    try context.arena.plan { _ = try computation(context) }
    let results = try context.arena.run { () throws in try computation(context) }
    return results.map { $0.values.map { Double($0) } }
  }
}
