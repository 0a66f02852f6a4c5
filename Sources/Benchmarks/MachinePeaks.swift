import CKernels
import Kernels
import Tensors

/// What this machine can do at most, measured: the best of some tries, for another program's noise would only flatter
/// whatever is held against it.
public struct MachinePeaks: Sendable {
  private static let tries = 5

  /// Multiplications a second, each with its addition, of all threads together, with nothing read or written.
  public let multiplications: Double
  /// Bytes a second that all threads together read and write of tensors too large for any cache.
  public let bytes: Double

  public init(_ pool: ThreadPool, _ level: KernelLevel) {
    let threads = pool.threads
    let best = { (body: () -> Void) in
      (0..<Self.tries).reduce(Double.infinity) { best, _ in
        let start = ContinuousClock.now
        body()
        return min(best, (ContinuousClock.now - start) / .seconds(1))
      }
    }
    let counts = Buffer<Double>(count: threads * 8)
    multiplications = {
      let seconds = best {
        pool.run(threads) { piece, _ in
          withUnsafeTemporaryAllocation(of: Real.self, capacity: 2) { numbers in
            numbers[0] = 1
            numbers[1] = 0
            counts.pointer[piece * 8] = level.table.pointee.multiply_and_add(2_000_000, numbers.baseAddress!)
          }
        }
      }
      return (0..<threads).reduce(0) { $0 + counts.pointer[$1 * 8] } / seconds
    }()
    let (length, pieces) = (1 << 24, 64)
    let memory = Buffer<Real>(count: 2 * length)
    let seconds = best {
      pool.run(pieces) { piece, _ in
        let (size, first) = (length / pieces, piece * (length / pieces))
        level.table.pointee.add(memory.pointer + first, size, memory.pointer + length + first)
      }
    }
    bytes = Double(3 * length * MemoryLayout<Real>.stride) / seconds
  }
}
