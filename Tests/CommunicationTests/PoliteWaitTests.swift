import Communication
import Testing

@Suite struct PoliteWaitTests {
  /// The pauses before a transfer that takes `taken` nanoseconds is seen to be over, and when that is.
  private func pauses(of wait: PoliteWait, taking taken: UInt64) -> (pauses: [UInt64], seen: UInt64) {
    var passed: UInt64 = 0
    var pauses: [UInt64] = []
    while passed < taken {
      if let pause = wait.pause(after: passed) {
        pauses.append(pause)
        passed += pause
      } else {
        passed += 1_000
      }
    }
    return (pauses, passed)
  }

  @Test(arguments: [256 << 10, 1 << 20, 16 << 20])
  func slowBytesAreLookedForSeldomAndSeenSoon(bytes: Int) {
    for pace in [1.0, 8.5, 85] {
      let wait = PoliteWait.forTransfer(bytes: bytes, nanosecondsPerByte: pace)
      for lateness in [0.8, 1, 1.1] {
        let taken = UInt64(Double(bytes) * pace * lateness)
        let (pauses, seen) = pauses(of: wait, taking: taken)
        #expect(pauses.allSatisfy { Double($0) <= 65536 * pace }, "the kernel runs out of bytes")
        #expect(pauses.count <= bytes / 65536 * 5 / 4 + 28, "\(bytes) bytes at \(pace) ns: \(pauses.count) looks")
        #expect(Double(seen) <= Double(taken) + 65536 * pace)
      }
    }
  }

  @Test func bytesThatAreCopiedAreNotSleptFor() {
    let wait = PoliteWait.forTransfer(bytes: 1 << 20, nanosecondsPerByte: 0.3)
    #expect(wait.pause(after: 300_000) == nil)
    #expect(wait.pause(after: 400_000) != nil)
  }

  @Test func whoWaitsLongForAPartnerLooksSeldom() {
    let wait = PoliteWait.forPartner()
    #expect(wait.pause(after: 19_000) == nil)
    #expect(wait.pause(after: 50_000) == 5_000)
    #expect(wait.pause(after: 160_000) == 10_000)
    #expect(wait.pause(after: 1_000_000_000) == 100_000)
  }
}
