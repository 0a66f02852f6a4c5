#if canImport(Glibc)
  import Glibc
#endif

/// Waiting by looking again and again, without keeping a core from those who compute.
///
/// MPI's own blocking calls spin: on full cores an exchange then takes until the scheduler takes the core away, 10 to
/// 30 ms where this takes 0.1 to 0.3 (two ranks, each with a computing thread, on two cores). So does sched_yield. A
/// sleeper, however short its sleep, is soon given a core again. But each look takes a core's time too, in a virtual
/// machine 30 to 100 µs with its timer's interrupt, and the caches of who computes there: there are to be few.
package struct PoliteWait {
  private let start = Timeline.now
  /// Nanoseconds to look back to back.
  private let spin: UInt64
  /// Nanoseconds it is expected to take; nil where nobody can say.
  private let expected: UInt64?
  /// Until then a pause is at most this part of the time that has passed.
  private let part: UInt64
  private let shortestPause: UInt64
  private let longestPause: UInt64

  /// For a partner who may be far behind: looks back to back for 20 µs, which covers one that is just as far, then
  /// sleeps between looks, for a sixteenth of the time that has passed, from 5 µs to 0.1 ms.
  package static func forPartner() -> PoliteWait {
    PoliteWait(spin: 20_000, expected: nil, part: 16, shortestPause: 5_000, longestPause: 100_000)
  }

  /// For bytes on their way from and to a partner who is here.
  ///
  /// Where they go as fast as memory is copied, looks back to back for as long as they are expected to take, since a
  /// sleep would cost more. Elsewhere sleeps as long as has passed, later half of what is left, and beyond the expected
  /// time a quarter of the excess; no less than 16 KiB take, and no more than 128 KiB, which the kernel's buffers hold.
  /// Where bytes only move while somebody looks pauses are a quarter of that at first, and between a sixteenth of what
  /// 64 KiB take and all of it.
  ///
  /// - Parameters:
  ///   - nanosecondsPerByte: the pace at which such bytes have come of late.
  ///   - isCarried: whether the kernel carries bytes on while nobody looks, as between machines.
  package static func forTransfer(bytes: Int, nanosecondsPerByte pace: Double, isCarried: Bool) -> PoliteWait {
    let (expected, piece) = (UInt64(Double(bytes) * pace), UInt64(65536 * pace))
    return PoliteWait(
      spin: 20_000 + (pace < 1 ? expected : 0), expected: expected, part: isCarried ? 1 : 4,
      shortestPause: max(20_000, piece / (isCarried ? 4 : 16)), longestPause: max(20_000, isCarried ? 2 * piece : piece)
    )
  }

  private init(spin: UInt64, expected: UInt64?, part: UInt64, shortestPause: UInt64, longestPause: UInt64) {
    self.spin = spin
    self.expected = expected
    self.part = part
    self.shortestPause = shortestPause
    self.longestPause = longestPause
  }

  /// Nanoseconds since waiting began.
  var passed: UInt64 { Timeline.now - start }

  /// Passes the time until the next look.
  func pass() {
    guard let nanoseconds = pause(after: passed) else { return }
    var time = timespec(tv_sec: 0, tv_nsec: Int(nanoseconds))
    nanosleep(&time, nil)
  }

  /// Nanoseconds to sleep when `passed` nanoseconds have passed; nil: none.
  package func pause(after passed: UInt64) -> UInt64? {
    guard passed > spin else { return nil }
    let wanted =
      if let expected {
        passed < expected ? min(passed / part, (expected - passed) / 2) : (passed - expected) / 4
      } else {
        passed / part
      }
    return min(max(wanted, shortestPause), longestPause)
  }
}
