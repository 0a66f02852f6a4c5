#if canImport(Glibc)
  import Glibc
#endif

/// Waiting by looking again and again, without keeping a core from those who compute.
///
/// MPI's own blocking calls spin: on full cores an exchange then takes until the scheduler takes the core away, 10 to
/// 30 ms where this takes 0.1 to 0.3 (two ranks, each with a computing thread, on two cores). So does sched_yield. A
/// sleeper, however short its sleep, is soon given a core again.
struct PoliteWait {
  private let start = Timeline.now
  private let spin: UInt64
  private let longestPause: UInt64
  private let part: UInt64

  /// For a partner who may be far behind: looks back to back for 20 µs, which covers one that is just as far, then
  /// sleeps between looks, from 5 µs growing to 100 µs.
  static func forPartner() -> PoliteWait { PoliteWait(spin: 20_000, longestPause: 100_000, part: 4) }

  /// For bytes on their way from a partner who is here: looks back to back for as long as they take at 3 GB/s, since
  /// a sleep would cost more than the transfer, then sleeps for a sixteenth of the time that has passed: what goes over
  /// a slow network takes milliseconds, and each look a core's time. Never so long that what MPI has under way runs out.
  static func forTransfer(bytes: Int) -> PoliteWait {
    PoliteWait(spin: UInt64(20_000 + bytes / 3), longestPause: 200_000, part: 16)
  }

  private init(spin: UInt64, longestPause: UInt64, part: UInt64) {
    self.spin = spin
    self.longestPause = longestPause
    self.part = part
  }

  /// Passes the time until the next look.
  func pass() {
    let passed = Timeline.now - start
    guard passed > spin else { return }
    var time = timespec(tv_sec: 0, tv_nsec: Int(min(max(5_000, passed / part), longestPause)))
    nanosleep(&time, nil)
  }
}
