import Kernels
import Platform
import Synchronization
import Tensors

#if canImport(Glibc)
  import Glibc
#endif

/// A thread that convolves without end, as a step does, and counts: what others take from the core that it shares with
/// them, with interrupts, copies in the kernel and caches lost, is what its count lacks.
final class ComputingNeighbour: Sendable {
  private let work = Work()
  private let thread: SystemThread

  /// What the thread and its owner both see.
  private final class Work: Sendable {
    let convolutions = Atomic<Int>(0)
    let isOver = Atomic<Bool>(false)
  }

  /// An image of `small` where its maps are largest: some 0.1 ms of a core.
  private static let image = Shape(n: 1, h: 32, w: 32, c: 64)
  /// Images and results in turn, so that each comes from beyond the second-level cache.
  private static let images = 16

  /// Returns when the thread is at work.
  init() throws(SystemThreadError) {
    let work = work
    thread = try SystemThread { Self.convolve(work) }
    while convolutions == 0 { usleep(1_000) }
  }

  /// Convolutions so far.
  var convolutions: Int { work.convolutions.load(ordering: .relaxed) }

  /// Returns when the thread has ended.
  func stop() {
    work.isOver.store(true, ordering: .relaxed)
    thread.join()
  }

  private static func convolve(_ work: Work) {
    let context = KernelContext(pool: ThreadPool(threads: 1), level: .best, convolution: .winograd)
    let memory = Buffer<Real>(count: images * image.count)
    let weights = Buffer<Real>(count: 9 * image.c * image.c)
    let geometry = ConvolutionGeometry(kernel: 3, stride: 1, padding: 1)
    func one(_ number: Int) {
      let place = { (number: Int) in Tensor(memory.pointer + number % images * image.count, image) }
      _ = context.convolve(
        Operand.plain(place(number)), geometry, weights: weights.pointer, into: place(number + 1), Epilogue())
    }
    context.arena.plan { one(0) }
    while !work.isOver.load(ordering: .relaxed) {
      context.arena.run { one(work.convolutions.load(ordering: .relaxed)) }
      work.convolutions.wrappingAdd(1, ordering: .relaxed)
    }
  }
}
