import CKernels
import Platform
import Synchronization

#if canImport(Glibc)
  import Glibc
#endif

/// A fixed team of threads that divides numbered pieces of work among itself.
///
/// Each thread begins with a share of its own, consecutive pieces, and goes on with what is left of the others': pieces that
/// lie together are read where they were written, by the core that has them in its cache. What the pieces are must depend on
/// shapes alone, never on the number of threads: who takes a piece then cannot change a result. One thread at a time may own
/// and use a pool.
public final class ThreadPool: Sendable {
  private let team: Team

  /// Threads at work, the caller's included.
  public var threads: Int { team.threads }

  /// Cores this process may run on.
  public static var cores: Int { Int(ck_cores()) }

  public init(threads: Int) {
    precondition(threads >= 1)
    team = Team(threads: threads)
    team.start()
  }

  deinit { team.stop() }

  /// Runs `body` once for each piece in 0..<pieces, on all threads, and returns when all are done.
  ///
  /// - Parameter body: is given the piece and the number of the thread that runs it, in 0..<threads.
  public func run(_ pieces: Int, _ body: (_ piece: Int, _ thread: Int) -> Void) {
    guard pieces > 0 else { return }
    if threads == 1 || pieces == 1 {
      for piece in 0..<pieces { body(piece, 0) }
      return
    }
    team.run(pieces, body)
  }

  /// The piece that whoever runs `piece` takes next, most likely; nil at a share's end.
  public func next(after piece: Int, of pieces: Int) -> Int? {
    (1...threads).contains { team.share($0, of: pieces) == piece + 1 } ? nil : piece + 1
  }

  /// At least `bytes` of working memory for each thread; what it held before is lost. Not inside a run.
  public func reserveScratch(bytes: Int) { team.reserveScratch(bytes: bytes) }

  /// The working memory of one thread, aligned to a page.
  public func scratch(_ thread: Int) -> UnsafeMutablePointer<Real> {
    team.scratch[thread].assumingMemoryBound(to: Real.self)
  }
}

/// Writes down where a closure lies: implemented in CKernels/closure.c. The closure is good until the caller returns.
/// `withoutActuallyEscaping` would do the same with an allocation a call (docs/design/arena.md).
@_silgen_name("ck_lend")
private func lend(_ body: (Int, Int) -> Void, to closure: UnsafeMutablePointer<ck_closure>)

/// What the owner and the workers share.
///
/// Unchecked: `job`, `pieces` and `scratch` are written by the owner only while no worker is inside a job, and
/// `generation` (released by the owner, acquired by the workers) publishes them.
private final class Team: @unchecked Sendable {
  let threads: Int
  var scratch: [UnsafeMutableRawPointer] = []
  private var scratchBytes = 0
  private var job = ck_closure()
  private var pieces = 0
  /// The next piece of each thread's share, a cache line or more apart.
  private let next: UnsafeMutablePointer<Atomic<Int>>
  private let generation = Atomic<Int>(0)
  private let working = Atomic<Int>(0)
  private let sleepers = Atomic<Int>(0)
  private let stopping = Atomic<Bool>(false)
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let wake = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var workers: [SystemThread] = []

  /// Counters from one thread's to the next one's.
  private static let counterStride = 16

  /// How often a thread polls for work before it sleeps: tens of microseconds, the gap between two layers.
  private static let spins = 4_000

  init(threads: Int) {
    self.threads = threads
    next = .allocate(capacity: threads * Self.counterStride)
    for counter in 0..<threads * Self.counterStride { (next + counter).initialize(to: Atomic(0)) }
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(wake, nil)
    reserveScratch(bytes: 1 << 16)
  }

  deinit {
    for memory in scratch { free(memory) }
    next.deinitialize(count: threads * Self.counterStride)
    next.deallocate()
    pthread_cond_destroy(wake)
    pthread_mutex_destroy(mutex)
    wake.deallocate()
    mutex.deallocate()
  }

  func reserveScratch(bytes: Int) {
    guard bytes > scratchBytes else { return }
    for memory in scratch { free(memory) }
    scratchBytes = (bytes + 4095) & ~4095
    scratch = (0..<threads).map { _ in
      guard let memory = aligned_alloc(4096, scratchBytes) else { endOutOfMemory(scratchBytes) }
      memset(memory, 0, scratchBytes)
      return memory
    }
  }

  func start() {
    for thread in 1..<max(1, threads) {
      do throws(SystemThreadError) {
        workers.append(try SystemThread { self.work(thread) })
      } catch {
        fatalError("cannot start thread \(thread) of \(threads): \(error)")
      }
    }
  }

  func stop() {
    stopping.store(true, ordering: .releasing)
    generation.wrappingAdd(1, ordering: .releasing)
    wakeSleepers()
    for worker in workers { worker.join() }
  }

  func run(_ pieces: Int, _ body: (_ piece: Int, _ thread: Int) -> Void) {
    lend(body, to: &job)
    self.pieces = pieces
    for thread in 0..<threads { next[thread * Self.counterStride].store(share(thread, of: pieces), ordering: .relaxed) }
    working.store(threads - 1, ordering: .relaxed)
    generation.wrappingAdd(1, ordering: .sequentiallyConsistent)
    if sleepers.load(ordering: .sequentiallyConsistent) > 0 { wakeSleepers() }
    takePieces(thread: 0)
    var polls = 0
    while working.load(ordering: .acquiring) > 0 {
      polls += 1
      if polls > Self.spins { sched_yield() } else { ck_pause() }
    }
  }

  private func takePieces(thread: Int) {
    let pieces = self.pieces
    var job = self.job
    // Its own share, then what is left of the others'.
    for other in 0..<threads {
      let owner = (thread + other) % threads
      let end = share(owner + 1, of: pieces)
      while true {
        let piece = next[owner * Self.counterStride].wrappingAdd(1, ordering: .relaxed).oldValue
        if piece >= end { break }
        ck_call(&job, piece, thread)
      }
    }
  }

  /// The first piece of a thread's share.
  func share(_ thread: Int, of pieces: Int) -> Int { thread * pieces / threads }

  private func work(_ thread: Int) {
    var seen = 0
    while true {
      waitForGeneration(after: seen)
      seen += 1
      if stopping.load(ordering: .acquiring) { return }
      takePieces(thread: thread)
      working.wrappingSubtract(1, ordering: .releasing)
    }
  }

  /// Returns once the generation has passed `seen`. It moves by one for each job, and the owner waits for all workers
  /// before the next, so none can be missed.
  private func waitForGeneration(after seen: Int) {
    for _ in 0..<Self.spins {
      if generation.load(ordering: .acquiring) != seen { return }
      ck_pause()
    }
    pthread_mutex_lock(mutex)
    sleepers.wrappingAdd(1, ordering: .sequentiallyConsistent)
    while generation.load(ordering: .sequentiallyConsistent) == seen { pthread_cond_wait(wake, mutex) }
    sleepers.wrappingSubtract(1, ordering: .sequentiallyConsistent)
    pthread_mutex_unlock(mutex)
  }

  private func wakeSleepers() {
    pthread_mutex_lock(mutex)
    pthread_cond_broadcast(wake)
    pthread_mutex_unlock(mutex)
  }
}
