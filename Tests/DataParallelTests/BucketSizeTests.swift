import Communication
import DataParallel
import Testing

@Suite struct BucketSizeTests {
  /// What does not hide behind backward: the sums of all buckets, and the link's rest until the first one is full.
  static func exposed(_ bucket: Double, _ gradient: Double, _ cost: SumCost) -> Double {
    gradient / bucket * cost.secondsPerSum + bucket * cost.secondsPerByte
  }

  /// Gradients of `small` and `paper` over 1 to 100 Gbit/s, two ranks to many.
  @Test(
    arguments: [3_400_000, 7_600_000, 99_000_000], [(100e-6, 8e-9), (1e-3, 16e-9), (50e-6, 0.8e-9), (20e-6, 0.08e-9)])
  func noSizeWithinTheBoundsIsBetter(gradient: Int, link: (sum: Double, byte: Double)) {
    let cost = SumCost(secondsPerByte: link.byte, secondsPerSum: link.sum)
    let chosen = BucketSize.fitting(cost).bytes(ofGradient: gradient)
    #expect(BucketSize.bounds.contains(chosen))
    let least = Self.exposed(Double(chosen), Double(gradient), cost)
    for other in stride(from: BucketSize.bounds.lowerBound, through: BucketSize.bounds.upperBound, by: 64 << 10) {
      #expect(Self.exposed(Double(other), Double(gradient), cost) >= least * 0.999_999, "\(other) beats \(chosen)")
    }
  }

  @Test func aGivenSizeIsTaken() {
    #expect(BucketSize.bytes(12_345).bytes(ofGradient: 1 << 30) == 12_345)
  }

  /// Every rank must cut its gradients alike, whatever its own clock said.
  @Test(arguments: [2, 4, 8])
  func allRanksMeasureTheSame(worldSize: Int) throws {
    let costs = try InProcessCommunicator.run(size: worldSize) { try SumCost(measuring: $0) }.map { try $0.get() }
    #expect(costs[0].secondsPerSum > 0 && costs[0].secondsPerByte > 0)
    for cost in costs { #expect(cost == costs[0]) }
  }

  /// A short sum that took longer than a long one, as may be on a busy machine, is no reason for bytes that cost nothing.
  @Test func bytesAlwaysCost() {
    let free = SumCost.Sample(passed: 3, core: 0)
    let cost = SumCost(shortest: free, middle: free, longest: SumCost.Sample(passed: 2, core: 0))
    #expect(abs(cost.secondsPerSum - (3 - 2.0 / 4) * 4 / 3) < 1e-12)
    #expect(cost.secondsPerByte == 2.0 / 16 / Double(SumCost.sizes.longest))
  }

  /// 0.1 ms until a byte is there; of a core 0.3 ms and 1 ms a MiB.
  @Test func whatSumsTakeFromACoreCounts() {
    let cost = SumCost(
      shortest: SumCost.Sample(passed: 0.1e-3, core: 0.01e-3), middle: SumCost.Sample(passed: 2.6e-3, core: 0.55e-3),
      longest: SumCost.Sample(passed: 10.1e-3, core: 1.3e-3))
    #expect(abs(cost.secondsPerSum - 0.4e-3) < 1e-12)
    #expect(abs(cost.secondsPerByte * 0x1p20 - 10e-3) < 1e-12)
  }
}
