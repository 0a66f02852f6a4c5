import Kernels
import Tensors

/// The time in which a step's multiplications could be done if nothing else were: what Winograd F(4×4, 3×3) leaves of
/// them, at the rate of OpenBLAS's product of two large matrices on each thread at once.
struct StepLimit {
  private static let side = 1024
  private static let tries = 5

  /// Floating-point operations a second, all threads together.
  let rate: Double

  /// Measures the rate, best of some tries: another program's noise would only flatter us.
  init(_ blas: BLASLibrary, _ pool: ThreadPool) {
    let (side, threads) = (Self.side, pool.threads)
    let memory = Buffer<Real>(count: 3 * side * side * threads)
    for index in 0..<memory.count { memory.pointer[index] = Real(index % 7) }
    let clock = ContinuousClock()
    var best = Double.infinity
    for _ in 0..<Self.tries {
      let begin = clock.now
      pool.run(threads) { piece, _ in
        let a = memory.pointer + 3 * side * side * piece
        blas.multiply(a, a + side * side, into: a + 2 * side * side, m: side, n: side, k: side)
      }
      best = min(best, (clock.now - begin) / .seconds(1))
    }
    rate = 2 * Double(side * side * side * threads) / best
  }

  /// Seconds for so many multiplications, each with its addition.
  func seconds(multiplications: Double) -> Double { 2 * multiplications / rate }
}
