import Benchmarks
import Platform
import RunRecord
import Testing

@Suite struct ScalingReportTests {
  /// A line of launch/scaling: weak scaling at 8 images a rank.
  static func line(hosts: Int, ranks: Int, seconds: Double) -> JSONObject {
    let rank: JSONValue = [
      "compute": JSONValue(seconds), "communication_wait": 0, "communication": 0, "peak_rss_mib": 9,
    ]
    return [
      "try": 1, "mode": "weak", "preset": "small", "hosts": JSONValue(hosts), "ranks": JSONValue(ranks), "threads": 1,
      "network": "1gbit",
      "result": [
        "batch": JSONValue(8 * ranks), "shards": JSONValue(ranks), "step_seconds_median": JSONValue(seconds),
        "images_per_second": JSONValue(Double(8 * ranks) / seconds), "phase_seconds": ["passes": JSONValue(seconds)],
        "rank_seconds": .array(Array(repeating: rank, count: ranks)),
      ],
    ]
  }

  /// One rank is what all others are compared with, on however many machines they are; each number of machines is a line
  /// of its own, begun at that rank.
  @Test func machinesAreLinesOfTheirOwn() throws {
    let report = try ScalingReport(
      [
        Self.line(hosts: 1, ranks: 1, seconds: 1), Self.line(hosts: 1, ranks: 2, seconds: 1.25),
        Self.line(hosts: 2, ranks: 2, seconds: 2), Self.line(hosts: 2, ranks: 4, seconds: 4),
      ], path: "results.jsonl")
    #expect(report.rows.map(\.efficiency) == [1, 0.8, 0.5, 0.25])
    let plots = Dictionary(uniqueKeysWithValues: report.plots.map { ($0.name, $0.svg) })
    let efficiency = try #require(plots["efficiency.svg"])
    #expect(efficiency.contains("8 a rank, 1 machine<") && efficiency.contains("8 a rank, 2 machines<"))
    // With the ideal, and the points of two and of three arrangements.
    #expect(efficiency.split(separator: "<polyline").count - 1 == 3)
    #expect(efficiency.split(separator: "<circle").count - 1 == 2 + 3)
    #expect(try #require(plots["phases.svg"]).contains(">weak 2 on 2<"))
  }

  @Test func oneMachineIsNotNamed() throws {
    let report = try ScalingReport([Self.line(hosts: 1, ranks: 1, seconds: 1)], path: "results.jsonl")
    for plot in report.plots { #expect(!plot.svg.contains("machine") && !plot.svg.contains(" on 1")) }
  }
}
