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
  /// Nanoseconds before and after the expected time in which it looks back to back.
  private let vigil: UInt64

  private static let shortVector = 128 << 10
  /// Nanoseconds of the longest pause there is, whatever was seen.
  private static let longestOfAll: UInt64 = 100_000_000

  /// Nanoseconds to look back to back for a partner who is just as far and for a vector's first bytes: 20 µs. Where nobody
  /// computes on this core a vector of up to 128 KiB is there before a sleeper would wake: 0.2 ms.
  package static func spin(bytes: Int, isIdle: Bool) -> UInt64 { isIdle && bytes <= shortVector ? 200_000 : 20_000 }

  /// For a partner who may be far behind: looks back to back at first, then sleeps between looks for half of the time that
  /// has passed, from a 16th to an eighth of what the bytes that follow will take (50 µs to 1 ms, 0.25 to 2 ms): they are on
  /// their way as soon as the partner is there, whether somebody looks or not.
  ///
  /// Where nobody computes on this core it sleeps for a sixteenth of the time that has passed, from 5 µs to 0.1 ms.
  package static func forPartner(
    bytes: Int, nanosecondsPerByte pace: Double, spin: UInt64, isIdle: Bool
  ) -> PoliteWait {
    if isIdle {
      return PoliteWait(spin: spin, expected: nil, part: 16, shortestPause: 5_000, longestPause: 100_000, vigil: 0)
    }
    let transfer = time(of: bytes, pace)
    return PoliteWait(
      spin: spin, expected: nil, part: 2, shortestPause: min(max(50_000, transfer / 16), 1_000_000),
      longestPause: min(max(250_000, transfer / 8), 2_000_000), vigil: 0)
  }

  /// For bytes on their way from and to a partner who is here.
  ///
  /// Where they go as fast as memory is copied, looks back to back for twice as long as they are expected to take, since
  /// a sleep would cost more. Elsewhere sleeps for a quarter of what they are expected to take or as long as has passed,
  /// later half of what is left, and beyond the expected time a quarter of the excess; no less than a 16th of it or 256 KiB
  /// take, and no more than 384 KiB take: the link may rest for as long, for what goes next is still being computed. Where
  /// bytes only move while somebody looks pauses are a quarter of that at first, and between a sixteenth of what 64 KiB
  /// take and all of it.
  ///
  /// Where nobody computes on this core the link is not to rest: between machines no pause is longer than 96 KiB take, or
  /// needs to be longer than a 48th. It sleeps until an eighth of the expected time, 0.1 to 1 ms, is left, and from then
  /// on looks back to back until as much has passed beyond: from a core at rest a sleeper wakes 50 µs late. For up to
  /// 128 KiB it does not sleep before, for the kernel takes no more than a part of them at once.
  ///
  /// - Parameters:
  ///   - nanosecondsPerByte: the pace at which such bytes have come of late.
  ///   - isCarried: whether the kernel carries bytes on while nobody looks, as between machines.
  ///   - spin: nanoseconds to look back to back in any case.
  ///   - isIdle: whether nobody computes on this core meanwhile.
  package static func forTransfer(
    bytes: Int, nanosecondsPerByte pace: Double, isCarried: Bool, spin: UInt64, isIdle: Bool
  ) -> PoliteWait {
    let expected = time(of: bytes, pace)
    let piece = time(of: min(bytes, 65536), pace)
    let vigil = isIdle ? min(max(expected / 8, 100_000), 1_000_000) : 0
    let looked = isCarried ? isIdle && bytes <= shortVector ? expected + vigil : 0 : pace < 1 ? 2 * expected : 0
    let (shortest, longest) =
      !isCarried
      ? (piece / 16, piece)
      : isIdle
        ? (min(expected / 48, piece), 3 * piece / 2) : (min(expected / 16, 4 * piece), min(6 * piece, 3 * expected / 2))
    return PoliteWait(
      spin: spin + looked, expected: expected, part: isCarried ? 1 : 4, shortestPause: max(20_000, shortest),
      longestPause: min(max(20_000, longest), Self.longestOfAll), vigil: vigil)
  }

  /// Nanoseconds that so many bytes take, at most a quarter of an hour.
  private static func time(of bytes: Int, _ nanosecondsPerByte: Double) -> UInt64 {
    UInt64(min(Double(bytes) * nanosecondsPerByte, 1e12))
  }

  private init(
    spin: UInt64, expected: UInt64?, part: UInt64, shortestPause: UInt64, longestPause: UInt64, vigil: UInt64
  ) {
    self.spin = spin
    self.expected = expected
    self.part = part
    self.shortestPause = shortestPause
    self.longestPause = longestPause
    self.vigil = vigil
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
    guard let expected else { return bounded(passed / part) }
    if passed >= expected + vigil { return bounded((passed - expected) / 4) }
    if passed + vigil >= expected { return nil }
    let left = vigil > 0 ? expected - vigil - passed : (expected - passed) / 2
    return bounded(min(max(passed, expected / 4) / part, left))
  }

  private func bounded(_ pause: UInt64) -> UInt64 { min(max(pause, shortestPause), longestPause) }
}
