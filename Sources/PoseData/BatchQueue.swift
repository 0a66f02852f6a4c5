#if canImport(Glibc)
  import Glibc
#endif

/// The batches of a loader: free, being prepared, ready; and who waits for what.
///
/// Unchecked: all state is guarded by `mutex`. A batch's tensors are written without it, by the one thread that holds
/// the job for that place, and read by the caller only after the last job of the batch is finished.
final class BatchQueue: @unchecked Sendable {
  /// One sample of one batch, to be prepared by one thread.
  struct Job {
    let batch: Batch
    let place: Int
    let visit: SampleOrder.Visit
    let epoch: Int
  }

  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let work = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private let ready = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var free: [Batch]
  /// Batches begun and not yet handed out, in the order of their steps.
  private var begun: [Batch] = []
  /// Next place of the last batch begun.
  private var place: Int
  private let part: Range<Int>
  private var order: SampleOrder
  private var step: Int
  private var isStopping = false

  /// - Parameters:
  ///   - part: places of the global batch that this rank prepares.
  ///   - order: of the epoch of `step`.
  init(free: [Batch], part: Range<Int>, order: SampleOrder, step: Int) {
    self.free = free
    self.part = part
    self.order = order
    self.step = step
    place = part.count
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(work, nil)
    pthread_cond_init(ready, nil)
  }

  deinit {
    pthread_cond_destroy(ready)
    pthread_cond_destroy(work)
    pthread_mutex_destroy(mutex)
    ready.deallocate()
    work.deallocate()
    mutex.deallocate()
  }

  /// The next sample to prepare, waiting for one; none once the queue stops.
  func take() -> Job? {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while !isStopping && place == part.count && free.isEmpty { pthread_cond_wait(work, mutex) }
    if isStopping { return nil }
    if place == part.count { begin() }
    let batch = begun.last!
    defer { place += 1 }
    return Job(batch: batch, place: place, visit: batch.visits[place], epoch: batch.epoch)
  }

  /// Begins the batch of the next step; the lock is held.
  private func begin() {
    let batch = free.removeFirst()
    let epoch = step / order.steps
    if epoch != order.epoch { order = order.at(epoch: epoch) }
    batch.visits = Array(order.visits(step % order.steps)[part])
    batch.epoch = epoch
    batch.step = step
    batch.broken = []
    batch.remaining = part.count
    begun.append(batch)
    place = 0
    step += 1
    if part.count > 1 { pthread_cond_broadcast(work) }
  }

  /// Records that a job is done.
  func finish(_ job: Job, _ error: DataError?) {
    pthread_mutex_lock(mutex)
    job.batch.errors[job.place] = error
    job.batch.remaining -= 1
    if job.batch.remaining == 0 { pthread_cond_signal(ready) }
    pthread_mutex_unlock(mutex)
  }

  /// The next batch in order, waiting for it.
  func next() -> Batch {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    precondition(!begun.isEmpty || !free.isEmpty, "every batch of the loader is held; recycle one first")
    while begun.first.map({ $0.remaining > 0 }) ?? true { pthread_cond_wait(ready, mutex) }
    return begun.removeFirst()
  }

  /// Takes back a batch that was handed out.
  func recycle(_ batch: Batch) {
    pthread_mutex_lock(mutex)
    precondition(!free.contains { $0 === batch } && !begun.contains { $0 === batch }, "a batch recycled twice")
    free.append(batch)
    pthread_cond_signal(work)
    pthread_mutex_unlock(mutex)
  }

  /// Makes every waiting or later `take` return none.
  func stop() {
    pthread_mutex_lock(mutex)
    isStopping = true
    pthread_cond_broadcast(work)
    pthread_mutex_unlock(mutex)
  }
}
