import Glibc
import Platform

/// How a run ended.
package struct RunEnding: Sendable, Equatable {
  /// The code that rank 0 left; nil where it left none.
  package var rankZero: Int32?
  /// mpirun's, or that of the one rank that runs without it: 128 + n after signal n; nil where it had to be killed.
  package var mpirun: Int32?
  /// Whether the rank ran without mpirun.
  package var isDirect: Bool
  /// Why it was not even started; nil where it was.
  package var failure: String?

  package init(rankZero: Int32? = nil, mpirun: Int32? = nil, isDirect: Bool = false, failure: String? = nil) {
    self.rankZero = rankZero
    self.mpirun = mpirun
    self.isDirect = isDirect
    self.failure = failure
  }

  package var code: Int32 { rankZero ?? mpirun ?? ExitCode.rankLost.rawValue }

  /// In words.
  package var cause: String {
    if let failure { return failure }
    if let rankZero { return "the run ended with \(rankZero)" }
    guard let mpirun else { return "the run stood still and was ended" }
    let what = isDirect ? "the run" : "mpirun"
    guard isSignal else { return "\(what) ended with \(mpirun)" }
    return "\(what) ended with \(mpirun): a rank was stopped by \(Self.name(ofSignal: mpirun - 128))"
  }

  /// Whether the code that counts is a signal's.
  package var isSignal: Bool { rankZero == nil && mpirun.map { (129...128 + 64).contains($0) } ?? false }

  /// KILL for 9.
  private static func name(ofSignal number: Int32) -> String {
    let names: [Int32: String] = [
      SIGHUP: "HUP", SIGINT: "INT", SIGQUIT: "QUIT", SIGILL: "ILL", SIGTRAP: "TRAP", SIGABRT: "ABRT", SIGBUS: "BUS",
      SIGFPE: "FPE", SIGKILL: "KILL", SIGUSR1: "USR1", SIGSEGV: "SEGV", SIGUSR2: "USR2", SIGPIPE: "PIPE",
      SIGALRM: "ALRM", SIGTERM: "TERM", SIGXCPU: "XCPU", SIGXFSZ: "XFSZ", SIGSYS: "SYS",
    ]
    return names[number] ?? "signal \(number)"
  }
}
