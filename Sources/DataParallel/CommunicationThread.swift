import Communication
import Platform

/// The thread that talks to the other ranks while the rest of the process computes: one for a process.
///
/// Reductions are performed one at a time, first come first served. Both networks and the losses submit theirs in
/// program order, which is the same on every rank, so every rank performs the same reductions in the same order, and
/// none can wait for a partner that waits for another. It sleeps while there is nothing to do. After an error it
/// refuses further work, and everyone who waits is given that error.
///
/// A run of one rank starts no thread.
public final class CommunicationThread: Sendable {
  public let communicator: any Communicator
  private let queue = Monitor(Queue())
  private let wrap: @Sendable (any Reducer) -> any Reducer

  /// Reductions are numbered from 0 as they are submitted.
  private struct Queue: Sendable {
    var waiting: [PendingReduction] = []
    var submitted = 0
    var started = 0
    var finished = 0
    var busySeconds = 0.0
    var failure: CommunicationError?
    var isStopping = false
  }

  /// How far a reduction is.
  enum Progress { case waiting, started, finished }

  /// - Parameter wrap: stands between this thread and each of its reducers, as to measure what they cost.
  public init(
    _ communicator: any Communicator, wrappingReducers wrap: @escaping @Sendable (any Reducer) -> any Reducer = { $0 }
  ) {
    self.communicator = communicator
    self.wrap = wrap
    queue.update { $0.waiting.reserveCapacity(256) }
    guard communicator.worldSize > 1 else { return }
    do throws(SystemThreadError) {
      // Detached: a thread whose partner is gone may never come back, and nobody must wait for it.
      try SystemThread { [queue] in CommunicationThread.work(queue, communicator) }.detach()
    } catch {
      fatalError("cannot start the communication thread: \(error)")
    }
  }

  deinit { queue.update { $0.isStopping = true } }

  /// What sums the vectors of one name, the longest of `largest` bytes.
  func makeReducer(_ algorithm: ReductionAlgorithm, _ name: ShortName, largest: Int) -> any Reducer {
    wrap(algorithm.makeReducer(communicator, name, largest: largest))
  }

  /// Puts a reduction in the queue and returns its number.
  func submit(_ reduction: PendingReduction) -> Int {
    let isAlone = communicator.worldSize == 1
    return queue.update { queue in
      let number = queue.submitted
      queue.submitted += 1
      if isAlone {
        queue.started = queue.submitted
        queue.finished = queue.submitted
      } else if queue.failure == nil {
        queue.waiting.append(reduction)
      }
      return number
    }
  }

  /// Sleeps until a reduction is finished.
  func wait(for number: Int) throws(CommunicationError) {
    communicator.activity.isComputing = false
    defer { communicator.activity.isComputing = true }
    try queue.wait { queue throws(CommunicationError) -> Void? in
      if queue.finished > number { return () }
      if let failure = queue.failure { throw failure }
      return nil
    }
  }

  /// Seconds that reductions have taken since this was last asked, waiting for partners included.
  public func takeBusySeconds() -> Double {
    queue.update { queue in
      defer { queue.busySeconds = 0 }
      return queue.busySeconds
    }
  }

  func progress(of number: Int) -> Progress {
    queue.read { $0.finished > number ? .finished : $0.started > number ? .started : .waiting }
  }

  private static func work(_ queue: Monitor<Queue>, _ communicator: any Communicator) {
    while true {
      let next = queue.wait { queue -> PendingReduction?? in
        if queue.isStopping || queue.failure != nil { return .some(nil) }
        guard !queue.waiting.isEmpty else { return nil }
        queue.started += 1
        return queue.waiting.removeFirst()
      }
      guard let reduction = next else { return }
      do throws(CommunicationError) {
        let start = Timeline.now
        try reduction.perform()
        communicator.activity.note("reduction", .communicating, from: start, tag: reduction.tag)
        let seconds = Double(Timeline.now - start) / 1e9
        queue.update { queue in
          queue.busySeconds += seconds
          queue.finished += 1
        }
      } catch {
        queue.update { queue in
          queue.failure = error
          queue.waiting.removeAll()
        }
      }
    }
  }
}
