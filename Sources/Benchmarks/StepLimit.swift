import Platform
import Tensors

/// The time in which a step's multiplications could be done if nothing else were: what Winograd F(4×4, 3×3) leaves of
/// them, at the rate of OpenBLAS's product of two large matrices on each thread at once.
///
/// The rate is taken between the steps that are timed, up to twenty times, and the median counts, as of the steps: other
/// programs on the machine slow both alike.
final class StepLimit {
  private static let side = 1024
  private static let mostSamples = 20

  private let blas: BLASLibrary
  private let pool: ThreadPool
  private let memory: Buffer<Real>
  private let stepsEach: Int
  private var seconds: [Double] = []

  /// Reserves the matrices.
  init(_ blas: BLASLibrary, _ pool: ThreadPool, steps: Int) {
    self.blas = blas
    self.pool = pool
    memory = Buffer(count: 3 * Self.side * Self.side * pool.threads)
    for index in 0..<memory.count { memory.pointer[index] = Real(index % 7) }
    stepsEach = (steps + Self.mostSamples - 1) / Self.mostSamples
    seconds.reserveCapacity(Self.mostSamples)
  }

  private func multiply() {
    let side = Self.side
    pool.run(pool.threads) { piece, _ in
      let a = memory.pointer + 3 * side * side * piece
      blas.multiply(a, a + side * side, into: a + 2 * side * side, m: side, n: side, k: side)
    }
  }

  /// Measures the rate once more where it is due after `step`, of matrices that a first product has brought into the
  /// caches.
  func sample(after step: Int) {
    guard step % stepsEach == 0 else { return }
    multiply()
    let begin = ContinuousClock.now
    multiply()
    seconds.append((ContinuousClock.now - begin) / .seconds(1))
  }

  /// Floating-point operations a second, all threads together.
  var rate: Double {
    2 * Double(Self.side * Self.side * Self.side * pool.threads) / median(seconds)
  }

  /// Seconds for so many multiplications, each with its addition.
  func seconds(multiplications: Double) -> Double { 2 * multiplications / rate }
}
