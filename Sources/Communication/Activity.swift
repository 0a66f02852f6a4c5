import Synchronization

/// What a rank is doing, as the watchdogs of all ranks are told.
public final class Activity: Sendable {
  /// Where a rank is.
  struct State: Sendable {
    /// The step it is in, counted from 1; 0 before the first.
    var step: UInt64 = 0
    /// What its main thread does.
    var phase: ShortName = "starting"
    /// The exchange that is under way, if there is one, and with whom.
    var exchange: ExchangeLabel?
    var partner = 0
    /// When it began, and how many bytes go each way; where a timeline is kept.
    var exchangeStart: UInt64 = 0
    var sent = 0
    var awaited = 0
    var timeline: Timeline?
    /// Whether the main thread is busy with a step, and not waiting for the thread that communicates.
    var isComputing = false
    /// How often anything of the above has changed: a rank whose number stands still is stuck.
    var changes: UInt64 = 0
    /// Steps done, and the mean seconds that one took apart from waiting for others (memory of about ten steps).
    var stepsDone: UInt64 = 0
    var busySeconds = 0.0
  }

  private let guarded = Mutex(State())

  public init() {}

  var state: State { guarded.withLock { $0 } }

  /// The step that exchanges belong to.
  var step: UInt64 { guarded.withLock { $0.step } }

  /// Whether a thread of this rank computes while another communicates. Set where the main thread waits for a reduction.
  package var isComputing: Bool {
    get { guarded.withLock { $0.isComputing } }
    set { guarded.withLock { $0.isComputing = newValue } }
  }

  /// The main thread begins something else, or goes on with another portion of the same.
  public func enter(_ phase: ShortName) {
    guarded.withLock { state in
      state.phase = phase
      state.changes += 1
    }
  }

  public func begin(step: Int) {
    guarded.withLock { state in
      state.step = UInt64(step)
      state.phase = "computing"
      state.isComputing = true
      state.changes += 1
    }
  }

  /// - Parameter busySeconds: what the last step took, without waiting for other ranks.
  public func finishStep(busySeconds: Double) {
    guarded.withLock { state in
      state.busySeconds = state.stepsDone == 0 ? busySeconds : 0.9 * state.busySeconds + 0.1 * busySeconds
      state.stepsDone += 1
      state.isComputing = false
      state.changes += 1
    }
  }

  package func beginExchange(_ label: ExchangeLabel, with partner: Int, sent: Int = 0, awaited: Int = 0) {
    guarded.withLock { state in
      state.exchange = label
      state.partner = partner
      state.changes += 1
      guard state.timeline != nil else { return }
      (state.exchangeStart, state.sent, state.awaited) = (Timeline.now, sent, awaited)
    }
  }

  package func endExchange() {
    guarded.withLock { state in
      if let timeline = state.timeline, let label = state.exchange {
        timeline.add(
          Timeline.Span(
            name: label.operation, lane: .communicating, step: state.step, start: state.exchangeStart,
            end: Timeline.now, tag: Int64(label.tag), partner: Int64(state.partner), sent: Int64(state.sent),
            awaited: Int64(state.awaited)))
      }
      state.exchange = nil
      state.changes += 1
    }
  }

  // MARK: A timeline

  /// Where exchanges, and what `note` is told of, are written down; nil: nowhere.
  public var timeline: Timeline? {
    get { guarded.withLock { $0.timeline } }
    set { guarded.withLock { $0.timeline = newValue } }
  }

  /// A vector of so many bytes is ready to be summed over ranks.
  public func noteReady(_ name: ShortName, tag: Int = 0, bytes: Int) {
    guarded.withLock { state in
      guard let timeline = state.timeline else { return }
      let now = Timeline.now
      timeline.add(
        Timeline.Span(
          name: name, lane: .handingOver, step: state.step, start: now, end: now, tag: Int64(tag), sent: Int64(bytes)))
    }
  }

  /// Something that began at `start` (`Timeline.now`) is over.
  public func note(_ name: ShortName, _ lane: Timeline.Lane = .computing, from start: UInt64, tag: Int = 0) {
    guarded.withLock { state in
      state.timeline?.add(
        Timeline.Span(
          name: name, lane: lane, step: state.step, start: start, end: Timeline.now, tag: Int64(tag)))
    }
  }
}
