import ArgumentParser
import Communication
import Configuration
import Estimation
import Foundation
import Platform
import RunRecord
import Training

struct ReplayCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay",
    abstract:
      "Runs one step of a run again, from the nearest checkpoint before it, and writes figures of every tensor.",
    discussion: """
      A line of JSON a tensor, in the order in which they were written, by shard: the same at any number of ranks. The \
      run's directory is only read. `equipoise compare` names the first tensor in which two such files differ.
      """)

  @Option(help: "A run's directory, or one checkpoint's.")
  var checkpoint: String

  @Option(help: "The step, counted from 1.")
  var step: Int

  @Option(help: "The file to write.")
  var out: String

  @Option(help: "A configuration in place of the checkpoint's own.")
  var config: String?

  @Option(name: .customLong("set"), help: ArgumentHelp("Overrides a key of the configuration.", valueName: "key=value"))
  var overrides: [String] = []

  func validate() throws {
    guard step > 0 else { throw ValidationError("--step \(step): steps are counted from 1") }
  }

  func run() throws {
    let communicator = try Program.join()
    var start: Checkpoint?
    let configuration = try Configuration.shared(communicator) {
      try FileSystem.requireWritable(out)
      start = try nearest()
      if let config { return try Configuration.load(file: config, overrides: overrides) }
      guard let start else { return try Configuration.load(file: "\(checkpoint)/config.yaml", overrides: overrides) }
      return try Configuration.parse(start.config, file: "\(start.path)/config.yaml", overrides: overrides)
    }
    let machine = try Together.everywhere(communicator) { try Machine(configuration, communicator) }
    let watchdog = try Program.watch(communicator, configuration, isTerminal: machine.isTerminal)
    let replay = try StepReplay(
      configuration, from: start, step: step, communicator: communicator, machine: machine
    ) { Program.say($0) }
    let (outcome, dump) = try replay.run()
    watchdog?.stop()
    guard communicator.rank == 0 else { return }
    try JSONLines.write(dump, to: out)
    switch outcome {
    case .failure(let error): throw error
    case .success(let record):
      if let skipped = record.skipped { Program.say("warning: \(skipped)") }
      print("step \(step): \(dump.count) tensors in \(out)")
    }
  }

  /// The checkpoint to go on from; nil to begin at the beginning.
  private func nearest() throws -> Checkpoint? {
    if FileSystem.kind(of: "\(checkpoint)/checkpoints") == .directory {
      return try CheckpointStore(runDirectory: checkpoint).newestGood(upTo: step - 1)?.checkpoint
    }
    return try CheckpointStore.open(checkpoint).checkpoint
  }
}

struct CompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare", abstract: "Names the first tensor in which two files of `equipoise replay` differ.",
    discussion: "Exit code 1 where they do.")

  @Argument(help: "Two files.")
  var files: [String]

  @Option(
    help: """
      How far figures may be apart, as a share of a tensor's root of the mean square, for machines that round \
      differently; 0: every bit counts.
      """)
  var tolerance = 0.0

  func validate() throws {
    guard files.count == 2 else { throw ValidationError("two files are compared") }
    guard tolerance >= 0 else { throw ValidationError("--tolerance \(tolerance) is negative") }
  }

  func run() throws {
    let comparison = DumpComparison(
      try DumpComparison.read(files[0]), try DumpComparison.read(files[1]), tolerance: tolerance)
    print(comparison.text)
    if comparison.first != nil { Program.leave(.trouble) }
  }
}
