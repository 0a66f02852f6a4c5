import ArgumentParser
import Benchmarks
import Communication
import Foundation
import Platform

struct ScaleCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "scale", abstract: "Foretells how training scales, and sums up what was measured of it.",
    subcommands: [ScalePredictCommand.self, ScaleReportCommand.self])
}

struct ScalePredictCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "predict", abstract: "Plays steps of many ranks through in time, from what was measured on few.",
    discussion: """
      --profile is a timeline of `bench step --no-exchange`, best with small buckets (--config, comm.bucket_mib=0.25); the \
      network is --measured by `bench allreduce --json` on two ranks, or given as --bandwidth and --latency.
      """)

  @Option(help: "A timeline of bench step.")
  var profile: String

  @Option(help: "Images of one rank in a step of the profile.")
  var images: Int

  @Option(help: "Numbers of ranks, powers of two.")
  var ranks = "1,2,4,8,16,32,64,128,256,512,1024,2048,4096"

  @Option(help: "Ranks on a machine, a power of two.")
  var slots = 1

  @Option(help: "What bench allreduce --json printed on two ranks of different machines.")
  var measured: String?

  @Option(help: "The same of two ranks on one machine; default: as between machines.")
  var measuredWithin: String?

  @Option(
    help:
      "Each machine's link in Gbit/s, of which 95 % carry bytes, in place of the measured rate; several are played in turn."
  )
  var bandwidth = ""

  @Option(help: "Microseconds of an exchange of nothing, in place of what was measured.")
  var latency: Double?

  @Option(help: "Shards of a rank; default: the profile's (weak scaling).")
  var localShards: Int?

  @Option(help: "How many times as fast as the profile's the machines compute.")
  var speed = 1.0

  @Option(help: "comm.bucket_mib; several are played in turn; 0: as ranks choose it.")
  var bucketMib = "0"

  @Flag(help: "Ranks have a core to spare for communication.")
  var spareCore = false

  @Option(help: "Steps that are played.")
  var steps = 20

  @Flag(help: "A line of JSON for each number of ranks.")
  var json = false

  func run() throws {
    let counts = try Self.numbers(ranks, "--ranks").map { Int(exactly: $0) ?? 0 }
    guard counts.allSatisfy({ $0 > 0 && $0.nonzeroBitCount == 1 && $0 <= 1 << 20 }), slots > 0,
      slots.nonzeroBitCount == 1
    else { throw UsageError("--ranks and --slots are powers of two") }
    guard images > 0, steps > 0, localShards ?? 1 > 0, speed > 0, speed.isFinite else {
      throw UsageError("--images, --steps, --local-shards and --speed are positive")
    }
    guard latency ?? 0 >= 0, (latency ?? 0).isFinite else { throw UsageError("--latency is not negative") }
    let buckets = try Self.numbers(bucketMib, "--bucket-mib", allowsZero: true)
    guard buckets.allSatisfy({ $0 <= 1024 }) else { throw UsageError("--bucket-mib is at most 1024") }
    var profile = try StepProfile(timeline: profile)
    let imagesEach = images / profile.localShards
    if let localShards { profile = profile.with(localShards: localShards) }
    profile = profile.with(speed: speed)
    let within = try measuredWithin.map { try Network(measured: $0) }
    for between in try networks() {
      for mebibytes in buckets {
        var alone: Double?
        if !json { print(Self.heading(between, mebibytes)) }
        for count in counts {
          let cluster = StepSimulation.Cluster(
            ranks: count, slots: slots, between: between, within: within, sharesCores: !spareCore)
          let simulation = StepSimulation(
            profile, cluster, bucketBytes: mebibytes == 0 ? nil : max(64, Int(mebibytes * 0x1p20)),
            scattered: TreeReducer.usuallyScattered(worldSize: count, isShared: slots > 1))
          let outcome = simulation.run(steps: steps)
          let one =
            alone
            ?? StepSimulation(profile, StepSimulation.Cluster(ranks: 1, between: between), scattered: 0..<0)
            .run(steps: steps).step
          alone = one
          let rate = Double(imagesEach * profile.localShards * count) / outcome.step
          if json {
            let line: JSONObject = [
              "ranks": JSONValue(count), "slots": JSONValue(slots),
              "gbit_per_second": JSONValue(between.bitsPerSecond / 1e9),
              "latency_seconds": JSONValue(between.latency), "bucket_mib": JSONValue(mebibytes),
              "bucket_bytes": JSONValue(simulation.largestBucket),
              "local_shards": JSONValue(profile.localShards), "step_seconds": JSONValue(outcome.step),
              "images_per_second": JSONValue(rate), "efficiency": JSONValue(one / outcome.step),
              "exposed_seconds": JSONValue(outcome.exposed), "communication_seconds": JSONValue(outcome.communication),
            ]
            print(line.text)
          } else {
            let efficiency = (one / outcome.step).percent() + " %"
            let hidden = outcome.communication - outcome.exposed
            let bucket = Double(simulation.largestBucket) / 0x1p20
            let cells: [(String, Int)] = [
              ("\(count)", 6), (outcome.step.fixed(4), 12), (rate.fixed(1), 14), (efficiency, 13),
              (outcome.exposed.fixed(4), 12), (hidden.fixed(4), 12), (bucket.fixed(2), 12),
            ]
            print(cells.map { $0.0.leftPadded($0.1) }.joined())
          }
        }
      }
    }
  }

  private static func heading(_ network: Network, _ mebibytes: Double) -> String {
    let columns = [
      ("ranks", 6), ("step s", 12), ("images/s", 14), ("efficiency", 13), ("exposed s", 12), ("hidden s", 12),
      ("bucket MiB", 12),
    ]
    return "\((network.bitsPerSecond / 1e9).fixed(2)) Gbit/s, \((network.latency * 1e6).fixed(0)) us, buckets "
      + (mebibytes == 0 ? "as ranks choose them" : "of \(mebibytes.shortest(6)) MiB") + "\n"
      + columns.map { $0.0.leftPadded($0.1) }.joined()
  }

  private func networks() throws -> [Network] {
    let rates = bandwidth.isEmpty ? [] : try Self.numbers(bandwidth, "--bandwidth")
    guard measured != nil || !rates.isEmpty else {
      throw UsageError("the network is --measured, or given as --bandwidth")
    }
    var base = try measured.map { try Network(measured: $0) } ?? Network(latency: 50e-6, secondsPerByte: 0)
    if let latency { base.latency = latency / 1e6 }
    if rates.isEmpty { return [base] }
    return rates.map { rate in
      var network = base
      network.bitsPerSecond = rate * 1e9
      return network
    }
  }

  private static func numbers(_ text: String, _ option: String, allowsZero: Bool = false) throws -> [Double] {
    let numbers = text.split(separator: ",").map { Double($0) ?? -1 }
    guard !numbers.isEmpty, numbers.allSatisfy({ ($0 > 0 || $0 == 0 && allowsZero) && $0.isFinite }) else {
      throw UsageError("\(option) \(text) is no list of positive numbers")
    }
    return numbers
  }
}
