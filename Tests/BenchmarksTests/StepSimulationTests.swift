import Benchmarks
import RunRecord
import Testing

/// Steps played through, against what follows on paper.
@Suite struct StepSimulationTests {
  /// 1 s of passes, 4 MiB ready evenly from 0.6 to 1 s, nothing else.
  static func profile(sums: Int = 0, norm: Double = 0, update: Double = 0, spread: [Double] = [1]) -> StepProfile {
    StepProfile(
      localShards: 1, compute: 1,
      gradients: [
        StepProfile.Gradient(network: "generator", points: (1...4).map { ($0 << 20, 0.6 + 0.1 * Double($0)) })
      ],
      statistics: StepProfile.Handover(bytes: 0, seconds: 0), sumsBytes: sums, norm: norm, update: update,
      spread: spread)
  }

  static func outcome(
    _ profile: StepProfile, ranks: Int, slots: Int = 1, latency: Double = 0, bytesPerSecond: Double, core: Double = 0,
    within: Network? = nil, bucketMebibytes: Int = 1, scattered: Range<Int> = 0..<0
  ) -> StepSimulation.Outcome {
    let network = Network(latency: latency, secondsPerByte: 1 / bytesPerSecond, coreSecondsPerByte: core)
    let cluster = StepSimulation.Cluster(ranks: ranks, slots: slots, between: network, within: within)
    return StepSimulation(profile, cluster, bucketBytes: bucketMebibytes << 20, scattered: scattered).run(steps: 5)
  }

  static func expect(_ value: Double, _ expected: Double) {
    #expect(abs(value - expected) < 1e-9, "\(value), not \(expected)")
  }

  @Test func oneRankComputes() {
    let outcome = Self.outcome(Self.profile(norm: 0.01, update: 0.02), ranks: 1, bytesPerSecond: 1)
    Self.expect(outcome.step, 1.03)
    #expect(outcome.exposed == 0 && outcome.communication == 0)
  }

  /// A MiB takes 0.05 s and the next is ready 0.1 s later; towards the end buckets are halved. Only the last one shows, of
  /// 128 KiB.
  @Test func whatIsHiddenAndWhatIsNot() {
    let outcome = Self.outcome(Self.profile(), ranks: 2, bytesPerSecond: 20 * 0x1p20)
    Self.expect(outcome.step, 1.00625)
    Self.expect(outcome.exposed, 0.00625)
    Self.expect(outcome.communication, 0.2)
  }

  /// A bucket takes 0.2 s: from 0.7 s on the link is busy for 0.8 s.
  @Test func aSlowLinkDecides() {
    Self.expect(Self.outcome(Self.profile(), ranks: 2, bytesPerSecond: 5 * 0x1p20).step, 1.5)
    // The first bucket is half of it: ready at 0.8 s.
    Self.expect(Self.outcome(Self.profile(), ranks: 2, bytesPerSecond: 5 * 0x1p20, bucketMebibytes: 4).step, 1.6)
  }

  /// Eight ranks: three exchanges of the last bucket by doubling; by scattering 2 (1/2 + 1/4 + 1/8) of it, and six
  /// latencies; and three more for the sums of nothing after it.
  @Test func theTree() {
    let doubling = Self.outcome(Self.profile(), ranks: 8, latency: 0.001, bytesPerSecond: 100 * 0x1p20)
    Self.expect(doubling.step, 1 + 3 * 0.00225 + 3 * 0.001)
    let scattering = Self.outcome(
      Self.profile(), ranks: 8, latency: 0.001, bytesPerSecond: 100 * 0x1p20, scattered: 1..<Int.max)
    Self.expect(scattering.step, 1 + 0.0175 / 8 + 0.006 + 3 * 0.001)
  }

  /// Two machines of two: within a machine for nothing, between them two share a link.
  @Test func ranksShareAMachinesLink() {
    let outcome = Self.outcome(
      Self.profile(), ranks: 4, slots: 2, bytesPerSecond: 100 * 0x1p20,
      within: Network(latency: 0, secondsPerByte: 0))
    Self.expect(outcome.step, 1 + 0.0025)
  }

  /// Of 0.01 s a MiB that communication takes from the core, all but the last bucket's fall into the passes.
  @Test func communicationTakesTimeFromTheCore() {
    let outcome = Self.outcome(Self.profile(), ranks: 2, bytesPerSecond: 100 * 0x1p20, core: 0.01 / 0x1p20)
    Self.expect(outcome.step, 1 + 0.03875 + 0.00125)
  }

  /// All wait for the slowest: two ranks of which each is 10 % slower in half of its steps take longer than the mean,
  /// four longer than two.
  @Test func stragglers() {
    let profile = Self.profile(spread: [0.95, 1.05])
    let steps = [1, 2, 16].map { ranks in
      StepSimulation(
        profile, StepSimulation.Cluster(ranks: ranks, between: Network(latency: 0, secondsPerByte: 0)),
        bucketBytes: 1 << 20, scattered: 0..<0
      ).run(steps: 400).step
    }
    #expect(abs(steps[0] - 1) < 0.01)
    #expect(abs(steps[1] - 1.025) < 0.01)
    #expect(abs(steps[2] - 1.05) < 0.01)
  }

  /// Four ranks, 1 ms an exchange and 100 MiB/s: a long sum takes four latencies and one and a half times its bytes.
  @Test func bucketsAsRanksWouldChooseThem() {
    let network = Network(latency: 0.001, secondsPerByte: 0.01 / 0x1p20)
    let best = (4 * 0x1p20 * 4 * 0.001 / (1.5 * 0.01 / 0x1p20)).squareRoot()
    let simulation = StepSimulation(
      Self.profile(), StepSimulation.Cluster(ranks: 4, between: network), scattered: 64 << 10..<Int.max)
    #expect(best > 0x1p20 && best < 2 * 0x1p20)
    #expect(abs(simulation.largestBucket - Int(best)) <= 64)
  }

  /// Passes of 0.25 s, buckets ready every 0.025 s and 0.05 s on the way: the link is busy from 0.175 s on.
  @Test func fasterMachines() {
    let profile = Self.profile(norm: 0.01, update: 0.02).with(speed: 4)
    Self.expect(Self.outcome(profile, ranks: 1, bytesPerSecond: 1).step, 0.25 + 0.0075)
    Self.expect(Self.outcome(profile, ranks: 2, bytesPerSecond: 20 * 0x1p20).step, 0.175 + 4 * 0.05 + 0.0075)
  }

  @Test func moreShardsOfTheSameSize() {
    let profile = Self.profile().with(localShards: 3)
    #expect(profile.compute == 3)
    Self.expect(Self.outcome(profile, ranks: 2, bytesPerSecond: 20 * 0x1p20).step, 3.00625)
  }
}
