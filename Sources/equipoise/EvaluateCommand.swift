import ArgumentParser
import Communication
import Foundation
import Metrics
import PoseData
import RunRecord
import Training

struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate", abstract: "Reports PCK@0.2 of a checkpoint on the validation samples.")

  @Option(help: "A run's directory, or one checkpoint's.")
  var checkpoint: String

  @Option(help: "A configuration in place of the checkpoint's own.")
  var config: String?

  @Option(name: .customLong("set"), help: ArgumentHelp("Overrides a key of the configuration.", valueName: "key=value"))
  var overrides: [String] = []

  @Flag(help: "One line of JSON.")
  var json = false

  func run() throws {
    let communicator = try Program.join()
    let found = try Together.everywhere(communicator) { try CheckpointStore.open(checkpoint).checkpoint }
    let configuration = try Configuration.shared(communicator) {
      if let config { return try Configuration.load(file: config, overrides: overrides) }
      return try Configuration.parse(found.config, file: "\(found.path)/config.yaml", overrides: overrides)
    }
    let machine = try Together.everywhere(communicator) { try Machine(configuration, communicator) }
    let watchdog = try Program.watch(communicator, configuration, isTerminal: machine.isTerminal)
    let dataset = try Together.everywhere(communicator) { try configuration.usableDataset(.valid) }
    let batch = max(1, min(8, dataset.count / communicator.worldSize))
    let estimator = try Together.everywhere(communicator) {
      try PoseEstimator(
        configuration, joints: dataset.skeleton.jointCount, checkpoint: found.state, batch: batch,
        machine.makeContext())
    }
    let evaluator = Evaluator(dataset, configuration, batch: batch, communicator: communicator)
    let pck = try evaluator.evaluate(estimator).pck
    watchdog?.stop()
    guard communicator.rank == 0 else { return }
    if json {
      print(pck.line(found.step, dataset.skeleton).text)
    } else {
      print(pck.table(dataset.skeleton))
    }
  }
}

extension PCK {
  /// A row a joint, then the mean over all labelled joints.
  func table(_ skeleton: Skeleton) -> String {
    let width = skeleton.jointNames.map(\.count).max()! + 2
    let row = { (name: String, share: Double?, count: Int) in
      name.padding(toLength: width, withPad: " ", startingAt: 0)
        + (share.map { String(format: "%6.1f %%", $0 * 100) } ?? "   none ") + String(format: "%8d", count)
    }
    var rows = ["joint".padding(toLength: width, withPad: " ", startingAt: 0) + " PCK@0.2 labelled"]
    for (joint, name) in skeleton.jointNames.enumerated() { rows.append(row(name, perJoint[joint], total[joint])) }
    rows.append(row("all", value, total.reduce(0, +)))
    return rows.joined(separator: "\n")
  }
}
