import Platform

/// What to do after a run has ended.
package struct RetryPolicy: Sendable {
  /// How a run ended.
  package struct Ending: Sendable, Equatable {
    /// The code that rank 0 left; nil where it left none.
    package var rankZero: Int32?
    /// mpirun's, 128 + n after signal n; nil where it had to be killed.
    package var mpirun: Int32?

    package init(rankZero: Int32? = nil, mpirun: Int32? = nil) {
      self.rankZero = rankZero
      self.mpirun = mpirun
    }

    package var code: Int32 { rankZero ?? mpirun ?? ExitCode.rankLost.rawValue }
  }

  package enum Decision: Sendable, Equatable {
    case end(code: Int32)
    case retry(afterSeconds: Double)
  }

  /// `supervise.attempts`: restarts without a newer checkpoint.
  let attempts: Int
  /// `supervise.backoff`, seconds.
  let backoff: Double
  private static let longestBackoff = 300.0
  private(set) var failures = 0
  private var newest: Int?

  /// - Parameter newest: the step of the newest checkpoint there is.
  package init(attempts: Int, backoff: Double, newest: Int?) {
    self.attempts = attempts
    self.backoff = backoff
    self.newest = newest
  }

  package mutating func decide(_ ending: Ending, newest: Int?) -> Decision {
    let code = ending.code
    guard Self.isSurvivable(ending) else { return .end(code: code) }
    if let newest, newest > self.newest ?? -1 {
      failures = 0
      self.newest = newest
    }
    failures += 1
    guard failures <= attempts else { return .end(code: code) }
    var wait = backoff
    for _ in 1..<failures where wait < Self.longestBackoff { wait *= 2 }
    return .retry(afterSeconds: min(wait, max(backoff, Self.longestBackoff)))
  }

  /// Bad input and broken bits stay so; a full disk, a lost machine or a killed process need not.
  package static func isSurvivable(_ ending: Ending) -> Bool {
    switch ExitCode(rawValue: ending.code) {
    case .fileSystem, .rankLost: return true
    case .interrupted, .terminated, .trouble: return ending.rankZero == nil
    case .some: return false
    case nil: return ending.rankZero == nil
    }
  }
}
