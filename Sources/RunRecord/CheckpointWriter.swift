import Platform
import Synchronization

/// Writes checkpoints beside training: the state is copied, and a thread brings the copy to the disk.
///
/// One checkpoint is under way at a time; the next waits for it. What fails is thrown by the call that comes after it:
/// `check`, `start` or `finish`. Used by one thread.
public final class CheckpointWriter {
  private let store: CheckpointStore
  private let memory = Snapshot()
  private var underWay: Job?

  public init(_ store: CheckpointStore) {
    self.store = store
  }

  deinit {
    underWay?.thread?.join()
  }

  /// Begins to write a checkpoint of `state` as it is now; the arguments are `CheckpointStore.save`'s.
  ///
  /// - Parameter flush: makes the run's records outlast a loss of power first, so that no checkpoint is ahead of them.
  public func start(
    state: [NamedArray], config: String, record: CheckpointRecord, keep: Int,
    after flush: @escaping @Sendable () throws(FileSystemError) -> Void = {}
  ) throws(FileSystemError) {
    try finish()
    let copy = memory.take(state)
    let store = store
    let job = Job { () throws(FileSystemError) in
      try flush()
      try store.save(state: copy, config: config, record: record, keep: keep)
    }
    try job.start()
    underWay = job
  }

  /// Throws what went wrong with a checkpoint whose writing has ended; does not wait for one that is under way.
  public func check() throws(FileSystemError) {
    if let underWay, underWay.hasEnded.load(ordering: .acquiring) { try finish() }
  }

  /// Waits until nothing is under way; what was written is then on the disk.
  public func finish() throws(FileSystemError) {
    guard let job = underWay else { return }
    underWay = nil
    job.thread?.join()
    try job.outcome.get()
  }
}

/// One checkpoint being written.
///
/// Unchecked: `outcome` is the thread's until it has been joined, `thread` and what the work holds the starter's before
/// and after.
private final class Job: @unchecked Sendable {
  let hasEnded = Atomic<Bool>(false)
  private let work: () throws(FileSystemError) -> Void
  private(set) var thread: SystemThread?
  private(set) var outcome = Result<Void, FileSystemError>.success(())

  init(_ work: @escaping () throws(FileSystemError) -> Void) { self.work = work }

  func start() throws(FileSystemError) {
    do throws(SystemThreadError) {
      thread = try SystemThread { self.run() }
    } catch {
      throw FileSystemError("a thread", "cannot be started to write a checkpoint", errno: error.code)
    }
  }

  private func run() {
    do throws(FileSystemError) { try work() } catch { outcome = .failure(error) }
    hasEnded.store(true, ordering: .releasing)
  }
}

/// Memory that holds a copy of a state.
private final class Snapshot {
  private var memory = UnsafeMutableRawBufferPointer(start: nil, count: 0)

  deinit { memory.deallocate() }

  /// Copies what the arrays hold; the copy is good until the next.
  func take(_ state: [NamedArray]) -> [NamedArray] {
    let needed = state.reduce(0) { $0 + ($1.bytes.count + 63) & ~63 }
    if memory.count < needed {
      memory.deallocate()
      memory = .allocate(byteCount: needed, alignment: 64)
    }
    var offset = 0
    return state.map { array in
      let place = UnsafeMutableRawBufferPointer(rebasing: memory[offset..<offset + array.bytes.count])
      place.copyMemory(from: array.bytes)
      offset += (array.bytes.count + 63) & ~63
      return NamedArray(name: array.name, type: array.type, shape: array.shape, bytes: UnsafeRawBufferPointer(place))
    }
  }
}
