import Synchronization

/// Of two threads that each complete one half of a sum, tells the second: both halves are complete then.
final class PairLatch {
  private let arrived: UnsafeMutablePointer<Atomic<Bool>>
  private let pairs: Int
  /// Flags from one pair's to the next one's: two cache lines.
  private static let stride = 128

  init(pairs: Int) {
    self.pairs = pairs
    arrived = .allocate(capacity: pairs * Self.stride)
    for flag in 0..<pairs * Self.stride { (arrived + flag).initialize(to: Atomic(false)) }
  }

  deinit {
    arrived.deinitialize(count: pairs * Self.stride)
    arrived.deallocate()
  }

  /// Says that one half of a pair is complete. Returns true to the second thread; the pair is as before then.
  func arrivesSecond(at pair: Int) -> Bool {
    let flag = pair * Self.stride
    if !arrived[flag].exchange(true, ordering: .acquiringAndReleasing) { return false }
    arrived[flag].store(false, ordering: .relaxed)
    return true
  }
}
