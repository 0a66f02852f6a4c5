import Synchronization

#if canImport(Glibc)
  import Glibc
#endif

/// What the signals sent to this process ask of a run, to be agreed on by all ranks at the end of a step.
public enum StopSignals {
  /// USR1: save and go on. TERM and INT: save and stop.
  public struct Requests: OptionSet, Sendable {
    public let rawValue: Int
    public init(rawValue: Int) { self.rawValue = rawValue }

    public static let save = Requests(rawValue: 1)
    public static let terminate = Requests(rawValue: 2)
    public static let interrupt = Requests(rawValue: 4)
  }

  private static let pending = Atomic<Int>(0)

  /// Takes the signals over; before MPI is initialised, which else would.
  ///
  /// An INT after an INT or a TERM ends the process at once. SEGV, BUS, ILL and FPE keep their deadly meaning: Swift's runtime would
  /// report one that came from outside and go on.
  public static func install() {
    signal(SIGUSR1) { _ in StopSignals.pending.bitwiseOr(Requests.save.rawValue, ordering: .relaxed) }
    signal(SIGTERM) { _ in StopSignals.pending.bitwiseOr(Requests.terminate.rawValue, ordering: .relaxed) }
    signal(SIGINT) { _ in
      let before = StopSignals.pending.bitwiseOr(Requests.interrupt.rawValue, ordering: .relaxed).oldValue
      if before & (Requests.interrupt.rawValue | Requests.terminate.rawValue) != 0 { _exit(130) }
    }
    for fatal in [SIGSEGV, SIGBUS, SIGILL, SIGFPE] { signal(fatal, SIG_DFL) }
    signal(SIGPIPE, SIG_IGN)
  }

  /// What this process has been asked so far. A request to save is forgotten with this call, one to stop stays.
  static func take() -> Requests {
    Requests(rawValue: pending.bitwiseAnd(~Requests.save.rawValue, ordering: .relaxed).oldValue)
  }
}
