#if canImport(Glibc)
  import Glibc
#endif

/// Waiting by looking again and again, without keeping a core from those who compute.
///
/// MPI's own blocking calls spin. This looks back to back for a while, which covers a partner that is just as far,
/// then sleeps between looks, from 5 µs growing to 100 µs.
struct PoliteWait {
  private var looks = 0
  private var pause = 5_000

  /// Looks before the first sleep; a look at MPI takes some tenths of a microsecond.
  private static let spins = 200
  private static let longestPause = 100_000

  /// Passes the time until the next look.
  mutating func pass() {
    looks += 1
    guard looks > Self.spins else { return }
    var time = timespec(tv_sec: 0, tv_nsec: pause)
    nanosleep(&time, nil)
    pause = min(pause * 2, Self.longestPause)
  }
}
