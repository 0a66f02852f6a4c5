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
      state.changes += 1
    }
  }

  /// - Parameter busySeconds: what the last step took, without waiting for other ranks.
  public func finishStep(busySeconds: Double) {
    guarded.withLock { state in
      state.busySeconds = state.stepsDone == 0 ? busySeconds : 0.9 * state.busySeconds + 0.1 * busySeconds
      state.stepsDone += 1
      state.changes += 1
    }
  }

  package func beginExchange(_ label: ExchangeLabel, with partner: Int) {
    guarded.withLock { state in
      state.exchange = label
      state.partner = partner
      state.changes += 1
    }
  }

  package func endExchange() {
    guarded.withLock { state in
      state.exchange = nil
      state.changes += 1
    }
  }
}
