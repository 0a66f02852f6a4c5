import Communication
import Testing

@Suite struct PaceTests {
  /// 72 KB at once, the rest at 125 MB/s: each length is expected when it comes.
  @Test func lengthsAreLearntByThemselves() {
    func nanoseconds(_ bytes: Int) -> UInt64 { UInt64(max(50_000, Double(bytes - 72_000) * 8)) }
    var pace = Pace()
    #expect(pace.nanosecondsPerByte(of: 1 << 20) == 0.33)
    let lengths = [64 << 10, 128 << 10, 256 << 10, 1 << 20]
    for bytes in lengths { pace.learn(nanoseconds: nanoseconds(bytes), of: bytes) }
    for bytes in lengths {
      let expected = pace.nanosecondsPerByte(of: bytes) * Double(bytes)
      #expect(abs(expected - Double(nanoseconds(bytes))) < 2)
    }
  }

  /// Of a length that has not been seen the usual pace is expected, of vectors that tell something.
  @Test func otherLengthsGoAtTheUsualPace() {
    var pace = Pace()
    pace.learn(nanoseconds: 1_000, of: 1_000_000)
    pace.learn(nanoseconds: 1_000, of: 8)
    #expect(pace.nanosecondsPerByte(of: 10_000) == 0.001)
  }

  /// One transfer that took ten times as long moves what is expected by a fifth; one that took no time, by a twentieth.
  @Test func oneTransferSaysLittle() {
    var pace = Pace()
    pace.learn(nanoseconds: 1_000_000, of: 1_000_000)
    pace.learn(nanoseconds: 10_000_000, of: 1_000_000)
    #expect(abs(pace.nanosecondsPerByte(of: 1_000_000) - 1.2) < 1e-12)
    pace.learn(nanoseconds: 0, of: 1_000_000)
    #expect(abs(pace.nanosecondsPerByte(of: 1_000_000) - 1.2 / 1.05) < 1e-12)
    pace.learn(nanoseconds: 5, of: 0)
    #expect(pace.nanosecondsPerByte(of: 0) == pace.nanosecondsPerByte(of: 3))
  }
}
