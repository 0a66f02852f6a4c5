import Communication
import Testing

@Suite struct BandwidthEstimateTests {
  /// 72 KB at once, the rest at 125 MB/s: each length is expected when it comes.
  @Test func lengthsAreLearntByThemselves() {
    func nanoseconds(_ bytes: Int) -> UInt64 { UInt64(max(50_000, Double(bytes - 72_000) * 8)) }
    var estimate = BandwidthEstimate()
    #expect(estimate.nanosecondsPerByte(of: 1 << 20) == 0.33)
    let lengths = [64 << 10, 128 << 10, 256 << 10, 1 << 20]
    for bytes in lengths { estimate.update(nanoseconds: nanoseconds(bytes), of: bytes) }
    for bytes in lengths {
      let expected = estimate.nanosecondsPerByte(of: bytes) * Double(bytes)
      #expect(abs(expected - Double(nanoseconds(bytes))) < 2)
    }
  }

  /// Of a length that has not been seen the usual one is expected, of vectors that tell something.
  @Test func otherLengthsTakeTheUsualBandwidth() {
    var estimate = BandwidthEstimate()
    estimate.update(nanoseconds: 1_000, of: 1_000_000)
    estimate.update(nanoseconds: 1_000, of: 8)
    #expect(estimate.nanosecondsPerByte(of: 10_000) == 0.001)
  }

  /// One transfer that took ten times as long moves what is expected by a fifth; one that took no time, by a twentieth.
  @Test func oneTransferSaysLittle() {
    var estimate = BandwidthEstimate()
    estimate.update(nanoseconds: 1_000_000, of: 1_000_000)
    estimate.update(nanoseconds: 10_000_000, of: 1_000_000)
    #expect(abs(estimate.nanosecondsPerByte(of: 1_000_000) - 1.2) < 1e-12)
    estimate.update(nanoseconds: 0, of: 1_000_000)
    #expect(abs(estimate.nanosecondsPerByte(of: 1_000_000) - 1.2 / 1.05) < 1e-12)
    estimate.update(nanoseconds: 5, of: 0)
    #expect(estimate.nanosecondsPerByte(of: 0) == estimate.nanosecondsPerByte(of: 3))
  }
}
