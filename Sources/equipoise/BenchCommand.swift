import ArgumentParser
import Benchmarks
import Communication
import Configuration
import Estimation
import Foundation
import Kernels
import Platform

struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Measures.",
    subcommands: [
      BenchStepCommand.self, BenchKernelsCommand.self, BenchDataCommand.self, BenchAllReduceCommand.self,
    ])
}

/// What is measured, and with what.
struct BenchOptions: ParsableArguments {
  @Option(help: "\(BenchPreset.allCases.map(\.rawValue).joined(separator: " | "))")
  var preset = BenchPreset.paper

  @Option(help: "A run's configuration, whose networks, batch and shards are taken in place of a preset's.")
  var config: String?

  @Option(name: .customLong("set"), help: ArgumentHelp("Overrides a key of the configuration.", valueName: "key=value"))
  var overrides: [String] = []

  @Option(help: "The input's side in place of the preset's.")
  var resolution: Int?

  @Option(help: "The generator's stacks in place of the preset's.")
  var stacks: Int?

  @Option(help: "Images of a step.")
  var batch = 2

  @Option(help: "Threads; 0 for the cores at hand.")
  var threads = 0

  @Option(help: "Steps that are timed, after one that is not.")
  var steps = 5

  @Option(help: "Shards that the batch is cut into.")
  var shards = 1

  @Option(help: "winograd | direct")
  var convolution = ConvolutionAlgorithm.winograd

  @Option(help: "auto | v4 | v3 | baseline")
  var kernels = KernelChoice.auto

  @Flag(help: "One line of JSON.")
  var json = false

  func validate() throws {
    guard batch > 0, steps > 0, threads >= 0, shards > 0, resolution ?? 1 > 0, stacks ?? 1 > 0 else {
      throw ValidationError("sizes are positive")
    }
    guard config != nil || overrides.isEmpty else { throw ValidationError("--set needs --config") }
  }

  func benchmark(
    _ communicator: any Communicator, blasCore: String = "auto", exchange: StepBenchmark.Exchange = .always
  ) throws -> StepBenchmark {
    var compute = Configuration.Compute()
    compute.threads = threads
    compute.kernels = kernels
    compute.convolution = convolution
    let machine = try Machine(compute, localSize: communicator.localSize)
    let workload: BenchWorkload
    if let config {
      workload = BenchWorkload(
        try Configuration.shared(communicator) { try Configuration.load(file: config, overrides: overrides) })
    } else {
      workload = BenchWorkload(preset, batch: batch, shards: shards, resolution: resolution, stacks: stacks)
    }
    return try StepBenchmark(workload, communicator: communicator, machine, blasCore: blasCore, exchange: exchange)
  }
}

struct BenchStepCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "step", abstract: "Times the training step on made-up data, k_t held at 0.1.")

  @OptionGroup var options: BenchOptions

  @Option(help: "OpenBLAS's kernels, whose rate is the limit: auto | environment | NAME")
  var blasCore = "auto"

  @Option(help: "Write all ranks' phases and exchanges to a file for chrome://tracing or Perfetto.")
  var timeline: String?

  @Flag(inversion: .prefixedNo, help: "Whether ranks talk to each other; without, a step shows what that costs.")
  var exchange = true

  @Flag(help: "Time as many steps without exchange in turn with the others, and say how much longer a step takes with.")
  var inTurn = false

  func validate() throws {
    guard exchange || !inTurn else { throw ValidationError("--in-turn with --no-exchange: one of the two") }
  }

  func run() throws {
    let communicator = try Program.join()
    if let timeline, communicator.rank == 0 { try FileSystem.requireWritable(timeline) }
    let way: StepBenchmark.Exchange = inTurn ? .everyOther : exchange ? .always : .never
    let result = try options.benchmark(communicator, blasCore: blasCore, exchange: way).run(
      steps: options.steps, timeline: timeline)
    guard communicator.rank == 0 else { return }
    print(options.json ? result.text : result.entries.map { "\($0.key): \($0.value.text)" }.joined(separator: "\n"))
  }
}

struct BenchKernelsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "kernels",
    abstract: "Times every operation of the training step where it runs, beside what the machine can do at most.")

  @OptionGroup var options: BenchOptions

  func run() throws {
    let communicator = try Program.join()
    let table = try options.benchmark(communicator).profile(steps: options.steps)
    guard communicator.rank == 0 else { return }
    print(options.json ? table.json.text : Self.text(table))
  }

  private static func text(_ table: KernelTable) -> String {
    let lines = table.lines
    var rows = [["operation", "of", "to", "calls", "ms", "of step", "rate", "", "of peak"]]
    for line in lines {
      rows.append([
        line.operation.name, "\(line.operation.shape)", "\(line.operation.channels)",
        line.callsPerStep.fixed(0), (line.seconds * 1e3).fixed(2),
        "\((line.seconds / table.stepSeconds).percent()) %", (line.rate / 1e9).fixed(1),
        line.isBoundByMemory ? "GB/s" : "GFLOP/s", "\(line.share.percent(0)) %",
      ])
    }
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max()! }
    let isText = [0, 1, 7]
    let printed = rows.map { row in
      row.indices.map { column in
        let space = String(repeating: " ", count: widths[column] - row[column].count)
        return isText.contains(column) ? row[column] + space : space + row[column]
      }.joined(separator: "  ")
    }
    let listed = 100 * lines.reduce(0) { $0 + $1.seconds } / table.stepSeconds
    let heading =
      "A step of \((table.stepSeconds * 1e3).fixed(1)) ms, \(table.threads) thread\(table.threads == 1 ? "" : "s"), kernels "
      + "\(table.kernels). At most: \((2 * table.peaks.multiplications / 1e9).fixed(1)) GFLOP/s in registers, "
      + "\((table.peaks.bytes / 1e9).fixed(1)) GB/s of memory."
    return ([heading, "The operations below are \(listed.fixed(1)) % of it.", ""] + printed).joined(
      separator: "\n")
  }
}

struct BenchDataCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "data", abstract: "Times how fast training samples are made, on data.threads threads.")

  @Option(help: "A configuration (see configs/).")
  var config: String

  @Option(name: .customLong("set"), help: ArgumentHelp("Overrides a key of the configuration.", valueName: "key=value"))
  var overrides: [String] = []

  @Option(help: "How long to measure.")
  var seconds = 5.0

  @Flag(help: "One line of JSON.")
  var json = false

  func run() throws {
    guard seconds > 0, seconds <= 1e6 else { throw UsageError("--seconds \(seconds) is no time to measure in") }
    let result = try DataBenchmark(try Configuration.load(file: config, overrides: overrides)).run(seconds: seconds)
    print(json ? result.text : result.entries.map { "\($0.key): \($0.value.text)" }.joined(separator: "\n"))
  }
}

extension BenchPreset: ExpressibleByArgument {}
extension ConvolutionAlgorithm: ExpressibleByArgument {}
extension KernelChoice: ExpressibleByArgument {}
