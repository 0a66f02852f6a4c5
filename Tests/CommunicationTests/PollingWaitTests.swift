import Communication
import Testing

@Suite struct PollingWaitTests {
  /// The pauses before a transfer that takes `taken` nanoseconds is seen to be over, and when that is.
  private func pauses(of wait: PollingWait, taking taken: UInt64) -> (pauses: [UInt64], seen: UInt64) {
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

  @Test(arguments: [256 << 10, 1 << 20, 16 << 20], [true, false])
  func slowTransfersArePolledSeldomAndSeenSoon(bytes: Int, isCarried: Bool) {
    for nanosecondsPerByte in [1.0, 8.5, 85] {
      let wait = PollingWait.forTransfer(
        bytes: bytes, nanosecondsPerByte: nanosecondsPerByte, isCarried: isCarried,
        spin: PollingWait.spin(bytes: bytes, isIdle: false), isIdle: false)
      for lateness in [0.8, 1, 1.1] {
        let taken = UInt64(Double(bytes) * nanosecondsPerByte * lateness)
        let (pauses, seen) = pauses(of: wait, taking: taken)
        let longest = min(Double(isCarried ? 384 << 10 : 65536) * nanosecondsPerByte, 1e8)
        #expect(pauses.allSatisfy { Double($0) <= longest }, "bytes run out")
        let polls = isCarried ? bytes / (384 << 10) * 5 / 4 + 8 : bytes >> 16 * 5 / 4 + 28
        #expect(pauses.count <= polls, "\(bytes) bytes at \(nanosecondsPerByte) ns: \(pauses.count) polls")
        // On time they are seen soon; else within a pause.
        let soon =
          isCarried ? max(20_000, Double(min(bytes / 16, 256 << 10)) * nanosecondsPerByte) : 65536 * nanosecondsPerByte
        #expect(Double(seen) <= Double(taken) + (lateness == 1 ? soon : longest))
      }
    }
  }

  @Test func bytesThatAreCopiedAreNotSleptFor() {
    let wait = PollingWait.forTransfer(
      bytes: 1 << 20, nanosecondsPerByte: 0.3, isCarried: false, spin: 20_000, isIdle: false)
    #expect(wait.pause(after: 600_000) == nil)
    #expect(wait.pause(after: 700_000) != nil)
  }

  /// On an idle core short vectors are polled for until they are long overdue; on a computing one, hardly.
  @Test func shortVectorsArePolledForOnAnIdleCore() {
    for bytes in [8, 64 << 10, 128 << 10] {
      for isIdle in [true, false] {
        let spin = PollingWait.spin(bytes: bytes, isIdle: isIdle)
        let partner = PollingWait.forPartner(bytes: bytes, nanosecondsPerByte: 8.5, spin: spin, isIdle: isIdle)
        #expect((partner.pause(after: 190_000) == nil) == isIdle)
        let transfer = PollingWait.forTransfer(
          bytes: bytes, nanosecondsPerByte: 8.5, isCarried: true, spin: spin, isIdle: isIdle)
        let expected = UInt64(8.5 * Double(bytes))
        #expect((transfer.pause(after: expected / 2 + 21_000) == nil) == isIdle)
        #expect((transfer.pause(after: expected + 90_000) == nil) == isIdle)
        #expect(transfer.pause(after: expected + 400_000) != nil)
      }
    }
    #expect(PollingWait.spin(bytes: 129 << 10, isIdle: true) == 20_000)
  }

  /// Of a long vector the last eighth of the expected time, at most 1 ms, is polled for, and as much beyond.
  @Test(arguments: [256 << 10, 1 << 20, 16 << 20])
  func theEndIsPolledForOnAnIdleCore(bytes: Int) {
    let wait = PollingWait.forTransfer(
      bytes: bytes, nanosecondsPerByte: 8.5, isCarried: true, spin: 20_000, isIdle: true)
    let expected = UInt64(8.5 * Double(bytes))
    let spinWindow = min(expected / 8, 1_000_000)
    for taken in [expected - spinWindow / 4, expected, expected + spinWindow - 1_000] {
      #expect(pauses(of: wait, taking: taken).seen <= taken + 1_000)
    }
    let (slept, _) = pauses(of: wait, taking: expected)
    #expect(slept.reduce(0, +) > expected - spinWindow - expected / 4, "it sleeps until then")
    #expect(wait.pause(after: expected + spinWindow) != nil)
  }

  /// A few bytes that took long, so that a byte seems to take long, are not slept for as if they were many.
  @Test(arguments: [true, false])
  func fewBytesAreSleptForAsFew(isCarried: Bool) {
    for (nanosecondsPerByte, longest) in [(625.0, 20_000), (25_000, 300_000), (1e12, 100_000_000)] as [(Double, UInt64)]
    {
      let wait = PollingWait.forTransfer(
        bytes: 8, nanosecondsPerByte: nanosecondsPerByte, isCarried: isCarried, spin: 20_000, isIdle: false)
      for passed in [21_000, 1_000_000, 100_000_000, 100_000_000_000] as [UInt64] {
        #expect(wait.pause(after: passed)! <= longest)
      }
    }
  }

  @Test func aLongWaitForAPartnerPollsSeldom() {
    let idle = PollingWait.forPartner(bytes: 1 << 20, nanosecondsPerByte: 8.5, spin: 20_000, isIdle: true)
    #expect(idle.pause(after: 19_000) == nil)
    #expect(idle.pause(after: 50_000) == 5_000)
    #expect(idle.pause(after: 160_000) == 10_000)
    #expect(idle.pause(after: 1_000_000_000) == 100_000)
    for (bytes, shortest, longest) in [
      (0, 50_000, 250_000), (1 << 20, 557_056, 1_114_112), (1 << 30, 1_000_000, 2_000_000),
    ]
      as [(Int, UInt64, UInt64)]
    {
      let computing = PollingWait.forPartner(bytes: bytes, nanosecondsPerByte: 8.5, spin: 20_000, isIdle: false)
      #expect(computing.pause(after: 19_000) == nil)
      #expect(computing.pause(after: 21_000) == shortest)
      #expect(computing.pause(after: 3 * shortest) == min(3 * shortest / 2, longest))
      #expect(computing.pause(after: 1_000_000_000) == longest)
    }
  }
}
