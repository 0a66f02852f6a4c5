import CKernels
import Tensors

/// Work on a network's whole block of parameters, in pieces whose size no thread count changes.
public struct VectorOperations: Sendable {
  private static let pieceSize = 1 << 16

  private let pool: ThreadPool
  private let level: KernelLevel

  public init(pool: ThreadPool, level: KernelLevel) {
    self.pool = pool
    self.level = level
  }

  private func run(_ count: Int, _ body: (_ offset: Int, _ count: Int, _ table: borrowing ck_table) -> Void) {
    let pieces = Blocks(count: count, size: Self.pieceSize)
    pool.run(pieces.number) { piece, _ in
      let range = pieces.range(piece)
      body(range.lowerBound, range.count, level.table.pointee)
    }
  }

  /// √Σ x²; not finite if any x is not, or the sum is too large for a double.
  public func norm(_ x: UnsafePointer<Real>, count: Int) -> Double {
    let pieces = Blocks(count: count, size: Self.pieceSize)
    return withUnsafeTemporaryAllocation(of: Double.self, capacity: max(1, pieces.number)) { sums in
      nonisolated(unsafe) let sums = sums
      pool.run(pieces.number) { piece, _ in
        let range = pieces.range(piece)
        sums[piece] = level.table.pointee.sum_of_squares(x + range.lowerBound, range.count)
      }
      return (0..<pieces.number).reduce(0) { $0 + sums[$1] }.squareRoot()
    }
  }

  /// RMSprop as PyTorch computes it: s = α s + (1 − α) g², p −= lr · g / (√s + ε), g being `clip` times the gradient.
  public func rmsprop(
    parameters: UnsafeMutablePointer<Real>, squareAverage: UnsafeMutablePointer<Real>,
    gradient: UnsafePointer<Real>, count: Int, clip: Double, learningRate: Double, alpha: Double, epsilon: Double
  ) {
    run(count) { offset, count, table in
      table.rmsprop(
        parameters + offset, squareAverage + offset, gradient + offset, count, clip, learningRate, alpha, epsilon)
    }
  }

  /// Adam (Kingma and Ba, arXiv 1412.6980) as PyTorch computes it, `step` counting from 1.
  public func adam(
    parameters: UnsafeMutablePointer<Real>, average: UnsafeMutablePointer<Real>,
    squareAverage: UnsafeMutablePointer<Real>, gradient: UnsafePointer<Real>, count: Int, clip: Double,
    learningRate: Double, beta1: Double, beta2: Double, epsilon: Double, firstCorrection: Double,
    secondCorrection: Double
  ) {
    run(count) { offset, count, table in
      table.adam(
        parameters + offset, average + offset, squareAverage + offset, gradient + offset, count, clip,
        learningRate / firstCorrection, secondCorrection.squareRoot(), beta1, beta2, epsilon)
    }
  }
}

extension KernelContext {
  /// All zeros.
  public func clear(_ tensor: Tensor) {
    if isPlanning { return }
    let pieces = Blocks(count: tensor.count, size: 1 << 16)
    pool.run(pieces.number) { piece, _ in
      let range = pieces.range(piece)
      (tensor.pointer + range.lowerBound).update(repeating: 0, count: range.count)
    }
  }
}

extension KernelContext {
  /// to += factor · from
  public func add(_ from: Tensor, times factor: Double, to: Tensor) {
    precondition(from.count == to.count)
    if isPlanning { return }
    let pieces = Blocks(count: to.count, size: 1 << 16)
    pool.run(pieces.number) { piece, _ in
      let range = pieces.range(piece)
      table.sum_parts(
        from.pointer + range.lowerBound, range.count, range.count, 1, Real(factor), 1, to.pointer + range.lowerBound)
    }
  }
}
