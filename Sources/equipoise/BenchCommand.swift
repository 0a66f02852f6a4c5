import ArgumentParser
import Communication
import Foundation
import RunRecord
import Training

struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Measures.", subcommands: [BenchStepCommand.self])
}

struct BenchStepCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "step", abstract: "Times the training step on made-up data, k_t held at 0.1.")

  @Option(help: "\(BenchPreset.allCases.map(\.rawValue).joined(separator: " | "))")
  var preset = BenchPreset.paper

  @Option(help: "Images of a step.")
  var batch = 2

  @Option(help: "Threads; 0 for the cores at hand.")
  var threads = 0

  @Option(help: "Steps that are timed, after one that is not.")
  var steps = 5

  @Option(help: "Shards that the batch is cut into.")
  var shards = 1

  @Option(help: "winograd | direct")
  var convolution = Configuration.Compute.Convolution.winograd

  @Option(help: "auto | v4 | v3 | baseline")
  var kernels = Configuration.Compute.Kernels.auto

  @Option(help: "OpenBLAS's kernels, whose rate is the limit: auto | environment | NAME")
  var blasCore = "auto"

  @Flag(help: "One line of JSON.")
  var json = false

  func validate() throws {
    guard batch > 0, steps > 0, threads >= 0, shards > 0 else { throw ValidationError("sizes are positive") }
  }

  func run() throws {
    let communicator = try Program.join()
    var compute = Configuration.Compute()
    compute.threads = threads
    compute.kernels = kernels
    compute.convolution = convolution
    compute.blasCore = blasCore
    let machine = try Machine(compute, localSize: communicator.localSize)
    let result = try StepBenchmark(preset, batch: batch, shards: shards, communicator: communicator, machine).run(
      steps: steps)
    guard communicator.rank == 0 else { return }
    print(json ? result.text : result.entries.map { "\($0.key): \($0.value.text)" }.joined(separator: "\n"))
  }
}

extension BenchPreset: ExpressibleByArgument {}
extension Configuration.Compute.Convolution: ExpressibleByArgument {}
extension Configuration.Compute.Kernels: ExpressibleByArgument {}
