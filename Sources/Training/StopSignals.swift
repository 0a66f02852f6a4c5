import Synchronization

#if canImport(Glibc)
  import Glibc
#endif

/// What the signals sent to this process ask of a run, to be agreed on by all ranks at the end of a step.
public enum StopSignals {
  /// USR1: save and go on. TERM, HUP and INT: save and stop.
  public struct Requests: OptionSet, Sendable {
    public let rawValue: Int
    public init(rawValue: Int) { self.rawValue = rawValue }

    public static let save = Requests(rawValue: 1)
    public static let terminate = Requests(rawValue: 2)
    public static let interrupt = Requests(rawValue: 4)
  }

  private static let pending = Atomic<Int>(0)
  private static let voice = Atomic<Int>(Voice.silent.rawValue)

  /// How this process answers.
  private enum Voice: Int {
    /// A launcher speaks for its ranks.
    case silent
    case line
    /// Over the line that says how the run is getting on.
    case terminal
  }

  /// Takes the signals over; before MPI is initialised, which else would.
  ///
  /// HUP is a TERM, unless it was ignored before, as nohup does. An INT after a signal to stop ends the process at once. SEGV, BUS,
  /// ILL and FPE keep their deadly meaning: Swift's runtime would report one that came from outside and go on.
  /// - Parameter answers: whether this process says what it does after a signal to stop.
  public static func install(answers: Bool) {
    voice.store(
      (!answers ? Voice.silent : isatty(STDERR_FILENO) == 1 ? .terminal : .line).rawValue, ordering: .relaxed)
    signal(SIGUSR1) { _ in StopSignals.pending.bitwiseOr(Requests.save.rawValue, ordering: .relaxed) }
    signal(SIGTERM) { _ in StopSignals.stop(.terminate) }
    if !isIgnored(SIGHUP) { signal(SIGHUP) { _ in StopSignals.stop(.terminate) } }
    signal(SIGINT) { _ in
      guard StopSignals.stop(.interrupt) else { return }
      StopSignals.say("equipoise: ended at once, without saving\n")
      _exit(130)
    }
    for fatal in [SIGSEGV, SIGBUS, SIGILL, SIGFPE] { signal(fatal, SIG_DFL) }
    signal(SIGPIPE, SIG_IGN)
  }

  /// Notes a request to stop; whether there was one before. Runs in signal handlers.
  @discardableResult
  private static func stop(_ request: Requests) -> Bool {
    let before = Requests(rawValue: pending.bitwiseOr(request.rawValue, ordering: .relaxed).oldValue)
    guard before.isDisjoint(with: [.interrupt, .terminate]) else { return true }
    if request == .interrupt {
      say("stopping when the step is done and saved; once more ends it at once\n")
    } else {
      say("stopping when the step is done and saved\n")
    }
    return false
  }

  /// Writes to standard error by what a signal handler may call.
  private static func say(_ text: StaticString) {
    guard let voice = Voice(rawValue: voice.load(ordering: .relaxed)), voice != .silent else { return }
    let start: StaticString = "\r\u{1B}[K"
    if voice == .terminal { write(STDERR_FILENO, start.utf8Start, start.utf8CodeUnitCount) }
    write(STDERR_FILENO, text.utf8Start, text.utf8CodeUnitCount)
  }

  private static func isIgnored(_ number: Int32) -> Bool {
    var action = sigaction()
    sigaction(number, nil, &action)
    return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
  }

  /// What this process has been asked so far. A request to save is forgotten with this call, one to stop stays.
  static func take() -> Requests {
    Requests(rawValue: pending.bitwiseAnd(~Requests.save.rawValue, ordering: .relaxed).oldValue)
  }
}
