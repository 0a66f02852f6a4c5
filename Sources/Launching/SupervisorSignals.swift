import Synchronization

#if canImport(Glibc)
  import Glibc
#endif

/// The signals sent to a supervisor, counted: USR1 asks for a checkpoint, INT, TERM and HUP to save and stop, a second
/// of these to stop at once.
enum SupervisorSignals {
  struct Counts: Sendable {
    var save = 0
    var interrupts = 0
    var terminations = 0
    var stops: Int { interrupts + terminations }
  }

  private static let saves = Atomic<Int>(0)
  private static let interrupts = Atomic<Int>(0)
  private static let terminations = Atomic<Int>(0)

  static func install() {
    signal(SIGUSR1) { _ in SupervisorSignals.saves.wrappingAdd(1, ordering: .relaxed) }
    signal(SIGINT) { _ in SupervisorSignals.interrupts.wrappingAdd(1, ordering: .relaxed) }
    signal(SIGTERM) { _ in SupervisorSignals.terminations.wrappingAdd(1, ordering: .relaxed) }
    signal(SIGHUP) { _ in SupervisorSignals.terminations.wrappingAdd(1, ordering: .relaxed) }
    signal(SIGPIPE, SIG_IGN)
    signal(SIGCHLD, SIG_DFL)
  }

  static var counts: Counts {
    Counts(
      save: saves.load(ordering: .relaxed), interrupts: interrupts.load(ordering: .relaxed),
      terminations: terminations.load(ordering: .relaxed))
  }

  /// 130 or 143 where a run was asked to stop.
  static var stopCode: Int32? {
    let counts = counts
    return counts.interrupts > 0 ? 130 : counts.terminations > 0 ? 143 : nil
  }
}
