#if canImport(Glibc)
  import Glibc
#endif

/// Waiting by polling with sleeps in between, so that the core stays free for threads that compute.
///
/// MPI's own blocking calls spin: on full cores an exchange then takes until the scheduler preempts the spinning thread, 10
/// to 30 ms where this takes 0.1 to 0.3 (two ranks, each with a computing thread, on two cores). So does sched_yield. A
/// sleeper, however short its sleep, is soon given a core again. But each poll takes a core's time too, in a virtual
/// machine 30 to 100 µs with its timer's interrupt, and evicts from the caches of the thread that computes there: polls are
/// to be few.
package struct PollingWait {
  private let start = Timeline.now
  /// Nanoseconds to poll back to back.
  private let spin: UInt64
  /// Nanoseconds it is expected to take; nil where that is unknown.
  private let expected: UInt64?
  /// Until then a pause is at most the elapsed time divided by this.
  private let divisor: UInt64
  private let shortestPause: UInt64
  private let longestPause: UInt64
  /// Nanoseconds before and after the expected time in which it polls back to back.
  private let spinWindow: UInt64

  private static let shortVector = 128 << 10
  /// Nanoseconds of the longest pause there is, whatever was seen.
  private static let longestOfAll: UInt64 = 100_000_000

  /// Nanoseconds to poll back to back for a partner that is at the same point and for a vector's first bytes: 20 µs. On an
  /// idle core a vector of up to 128 KiB is there before a sleeper would wake: 0.2 ms.
  package static func spin(bytes: Int, isIdle: Bool) -> UInt64 { isIdle && bytes <= shortVector ? 200_000 : 20_000 }

  /// For a partner that may be far behind: polls back to back at first, then sleeps between polls for half of the elapsed
  /// time, from a 16th to an eighth of what the bytes that follow will take (50 µs to 1 ms, 0.25 to 2 ms): they are sent as
  /// soon as the partner is there, whether this rank polls or not.
  ///
  /// On an idle core it sleeps for a sixteenth of the elapsed time, from 5 µs to 0.1 ms.
  package static func forPartner(
    bytes: Int, nanosecondsPerByte: Double, spin: UInt64, isIdle: Bool
  ) -> PollingWait {
    if isIdle {
      return PollingWait(
        spin: spin, expected: nil, divisor: 16, shortestPause: 5_000, longestPause: 100_000, spinWindow: 0)
    }
    let transfer = time(of: bytes, nanosecondsPerByte)
    return PollingWait(
      spin: spin, expected: nil, divisor: 2, shortestPause: min(max(50_000, transfer / 16), 1_000_000),
      longestPause: min(max(250_000, transfer / 8), 2_000_000), spinWindow: 0)
  }

  /// For bytes in transfer from and to a partner that is at the same point.
  ///
  /// Where they go as fast as memory is copied, polls back to back for twice as long as they are expected to take, since
  /// a sleep would cost more. Elsewhere sleeps for a quarter of what they are expected to take or as long as has elapsed,
  /// later half of what is left, and beyond the expected time a quarter of the excess; no less than a 16th of it or 256 KiB
  /// take, and no more than 384 KiB take: the link may idle for as long, for what goes next is still being computed. Where
  /// bytes only move during a poll, pauses are a quarter of that at first, and between a sixteenth of what 64 KiB take and
  /// all of it.
  ///
  /// On an idle core the link must stay busy: between machines no pause is longer than 96 KiB take, or needs to be longer
  /// than a 48th. It sleeps until an eighth of the expected time, 0.1 to 1 ms, is left, and from then on polls back to back
  /// until as much has elapsed beyond: on an idle core a sleeper wakes 50 µs late. For up to 128 KiB it does not sleep
  /// before, for the kernel takes no more than a part of them at once.
  ///
  /// - Parameters:
  ///   - nanosecondsPerByte: the inverse bandwidth of such bytes (`BandwidthEstimate`).
  ///   - isCarried: whether the kernel carries bytes on without a poll, as between machines.
  ///   - spin: nanoseconds to poll back to back in any case.
  ///   - isIdle: whether no thread computes on this core meanwhile.
  package static func forTransfer(
    bytes: Int, nanosecondsPerByte: Double, isCarried: Bool, spin: UInt64, isIdle: Bool
  ) -> PollingWait {
    let expected = time(of: bytes, nanosecondsPerByte)
    let piece = time(of: min(bytes, 65536), nanosecondsPerByte)
    let spinWindow = isIdle ? min(max(expected / 8, 100_000), 1_000_000) : 0
    let polled =
      isCarried ? isIdle && bytes <= shortVector ? expected + spinWindow : 0 : nanosecondsPerByte < 1 ? 2 * expected : 0
    let (shortest, longest) =
      !isCarried
      ? (piece / 16, piece)
      : isIdle
        ? (min(expected / 48, piece), 3 * piece / 2) : (min(expected / 16, 4 * piece), min(6 * piece, 3 * expected / 2))
    return PollingWait(
      spin: spin + polled, expected: expected, divisor: isCarried ? 1 : 4, shortestPause: max(20_000, shortest),
      longestPause: min(max(20_000, longest), Self.longestOfAll), spinWindow: spinWindow)
  }

  /// Nanoseconds that so many bytes take, at most a quarter of an hour.
  private static func time(of bytes: Int, _ nanosecondsPerByte: Double) -> UInt64 {
    UInt64(min(Double(bytes) * nanosecondsPerByte, 1e12))
  }

  private init(
    spin: UInt64, expected: UInt64?, divisor: UInt64, shortestPause: UInt64, longestPause: UInt64, spinWindow: UInt64
  ) {
    self.spin = spin
    self.expected = expected
    self.divisor = divisor
    self.shortestPause = shortestPause
    self.longestPause = longestPause
    self.spinWindow = spinWindow
  }

  /// Nanoseconds since waiting began.
  var elapsed: UInt64 { Timeline.now - start }

  /// Sleeps until the next poll is due.
  func sleepUntilNextPoll() {
    guard let nanoseconds = pause(after: elapsed) else { return }
    var time = timespec(tv_sec: 0, tv_nsec: Int(nanoseconds))
    nanosleep(&time, nil)
  }

  /// Nanoseconds to sleep when `elapsed` nanoseconds have passed; nil: none.
  package func pause(after elapsed: UInt64) -> UInt64? {
    guard elapsed > spin else { return nil }
    guard let expected else { return bounded(elapsed / divisor) }
    if elapsed >= expected + spinWindow { return bounded((elapsed - expected) / 4) }
    if elapsed + spinWindow >= expected { return nil }
    let left = spinWindow > 0 ? expected - spinWindow - elapsed : (expected - elapsed) / 2
    return bounded(min(max(elapsed, expected / 4) / divisor, left))
  }

  private func bounded(_ pause: UInt64) -> UInt64 { min(max(pause, shortestPause), longestPause) }
}
