import Synchronization

#if canImport(Glibc)
  import Glibc
#endif

/// The signals sent to a launcher, counted: USR1 asks for a checkpoint, USR2 is for other programs, INT, TERM and HUP ask
/// to save and stop, a second of these to stop at once.
enum LaunchSignals {
  struct Counts: Sendable {
    var firstUser = 0
    var secondUser = 0
    var interrupts = 0
    var terminations = 0
    var stops: Int { interrupts + terminations }
  }

  private static let firstUsers = Atomic<Int>(0)
  private static let secondUsers = Atomic<Int>(0)
  private static let interrupts = Atomic<Int>(0)
  private static let terminations = Atomic<Int>(0)

  /// Takes the signals over. INT and HUP that this process was started deaf to, as by nohup, stay so.
  static func install() {
    signal(SIGUSR1) { _ in LaunchSignals.firstUsers.wrappingAdd(1, ordering: .relaxed) }
    signal(SIGUSR2) { _ in LaunchSignals.secondUsers.wrappingAdd(1, ordering: .relaxed) }
    signal(SIGTERM) { _ in LaunchSignals.terminations.wrappingAdd(1, ordering: .relaxed) }
    if !isIgnored(SIGINT) { signal(SIGINT) { _ in LaunchSignals.interrupts.wrappingAdd(1, ordering: .relaxed) } }
    if !isIgnored(SIGHUP) { signal(SIGHUP) { _ in LaunchSignals.terminations.wrappingAdd(1, ordering: .relaxed) } }
    signal(SIGPIPE, SIG_IGN)
    signal(SIGCHLD, SIG_DFL)
  }

  private static func isIgnored(_ number: Int32) -> Bool {
    var action = sigaction()
    sigaction(number, nil, &action)
    return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 1
  }

  static var counts: Counts {
    Counts(
      firstUser: firstUsers.load(ordering: .relaxed), secondUser: secondUsers.load(ordering: .relaxed),
      interrupts: interrupts.load(ordering: .relaxed), terminations: terminations.load(ordering: .relaxed))
  }

  /// 130 or 143 where a run was asked to stop.
  static var stopCode: Int32? {
    let counts = counts
    return counts.interrupts > 0 ? 130 : counts.terminations > 0 ? 143 : nil
  }
}
