import CKernels
import Tensors

/// Work on a network's whole block of parameters, in pieces whose size no thread count changes.
public struct VectorOperations {
  private static let pieceSize = 1 << 16

  /// Where the time of each operation is written down; nil: nowhere.
  public var profile: KernelProfile?

  private let pool: ThreadPool
  private let level: KernelLevel

  public init(pool: ThreadPool, level: KernelLevel) {
    self.pool = pool
    self.level = level
  }

  /// - Parameter passes: how often each number of the block, or of another as long, is read or written.
  private func run(
    _ name: String, _ count: Int, passes: Int,
    _ body: (_ piece: Int, _ range: Range<Int>, _ table: borrowing ck_table) -> Void
  ) {
    let pieces = Blocks(count: count, size: Self.pieceSize)
    func work() { pool.run(pieces.number) { piece, _ in body(piece, pieces.range(piece), level.table.pointee) } }
    guard let profile else { return work() }
    profile.measure(KernelOperation(name, .channels(count), numbers: passes * count), work)
  }

  /// √Σ x²; not finite if any x is not, or the sum is too large for a double.
  public func norm(_ x: UnsafePointer<Real>, count: Int) -> Double {
    let pieces = Blocks(count: count, size: Self.pieceSize)
    return withUnsafeTemporaryAllocation(of: Double.self, capacity: max(1, pieces.number)) { sums in
      run("norm", count, passes: 1) { piece, range, table in
        sums[piece] = table.sum_of_squares(x + range.lowerBound, range.count)
      }
      return (0..<pieces.number).reduce(0) { $0 + sums[$1] }.squareRoot()
    }
  }

  /// RMSprop as PyTorch computes it: s = α s + (1 − α) g², p −= lr · g / (√s + ε), g being `clip` times the gradient.
  public func rmsprop(
    parameters: UnsafeMutablePointer<Real>, squareAverage: UnsafeMutablePointer<Real>,
    gradient: UnsafePointer<Real>, count: Int, clip: Double, learningRate: Double, alpha: Double, epsilon: Double
  ) {
    run("RMSprop", count, passes: 5) { _, range, table in
      let first = range.lowerBound
      table.rmsprop(
        parameters + first, squareAverage + first, gradient + first, range.count, clip, learningRate, alpha, epsilon)
    }
  }

  /// Adam (Kingma and Ba, arXiv 1412.6980) as PyTorch computes it, `step` counting from 1.
  public func adam(
    parameters: UnsafeMutablePointer<Real>, average: UnsafeMutablePointer<Real>,
    squareAverage: UnsafeMutablePointer<Real>, gradient: UnsafePointer<Real>, count: Int, clip: Double,
    learningRate: Double, beta1: Double, beta2: Double, epsilon: Double, firstCorrection: Double,
    secondCorrection: Double
  ) {
    run("Adam", count, passes: 7) { _, range, table in
      let first = range.lowerBound
      table.adam(
        parameters + first, average + first, squareAverage + first, gradient + first, range.count, clip,
        learningRate / firstCorrection, secondCorrection.squareRoot(), beta1, beta2, epsilon)
    }
  }
}

extension KernelContext {
  /// All zeros.
  public func clear(_ tensor: Tensor) {
    perform(KernelOperation("zeros", tensor.shape, numbers: tensor.count)) { workers in
      let pieces = Blocks(count: tensor.count, size: 1 << 16)
      workers.run(pieces.number) { piece, _ in
        let range = pieces.range(piece)
        (tensor.pointer + range.lowerBound).update(repeating: 0, count: range.count)
      }
    }
  }

  /// to += factor · from
  public func add(_ from: Tensor, times factor: Double, to: Tensor) {
    precondition(from.count == to.count)
    perform(KernelOperation("sum", to.shape, numbers: 3 * to.count)) { workers in
      let pieces = Blocks(count: to.count, size: 1 << 16)
      workers.run(pieces.number) { piece, _ in
        let range = pieces.range(piece)
        workers.table.sum_parts(
          from.pointer + range.lowerBound, range.count, range.count, 1, Real(factor), 1, to.pointer + range.lowerBound)
      }
    }
  }
}
