#if canImport(Glibc)
  import Glibc
#endif

/// Waiting by looking again and again, without keeping a core from those who compute.
///
/// MPI's own blocking calls spin: on full cores an exchange then takes until the scheduler takes the core away, 10 to
/// 30 ms where this takes 0.1 to 0.3 (two ranks, each with a computing thread, on two cores). So does sched_yield. A
/// sleeper, however short its sleep, is soon given a core again.
struct PoliteWait {
  private let start = ContinuousClock.now
  private let spin: Duration
  private let longestPause: Int
  private var pause = 5_000

  /// For a partner who may be far behind: looks back to back for 20 µs, which covers one that is just as far, then
  /// sleeps between looks, from 5 µs growing to 100 µs.
  static func forPartner() -> PoliteWait { PoliteWait(spin: .microseconds(20), longestPause: 100_000) }

  /// For bytes on their way from a partner who is here: looks back to back for as long as they take at 3 GB/s, since
  /// a sleep would cost more than the transfer, then sleeps as shortly as the system can.
  static func forTransfer(bytes: Int) -> PoliteWait {
    PoliteWait(spin: .nanoseconds(20_000 + bytes / 3), longestPause: 5_000)
  }

  private init(spin: Duration, longestPause: Int) {
    self.spin = spin
    self.longestPause = longestPause
  }

  /// Passes the time until the next look.
  mutating func pass() {
    guard ContinuousClock.now - start > spin else { return }
    var time = timespec(tv_sec: 0, tv_nsec: pause)
    nanosleep(&time, nil)
    pause = min(pause * 2, longestPause)
  }
}
