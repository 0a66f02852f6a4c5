import ArgumentParser
import Communication
import Configuration
import Estimation
import Foundation
import Metrics
import Platform
import PoseData
import RunRecord

struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate", abstract: "Reports a checkpoint's figures on the validation samples.",
    discussion: """
      PCK@0.2 for every set; PCKh@0.5 and @0.1 where heads are known (MPII with data.head_boxes); COCO's ten figures by OKS, \
      each person's square being given, or with --detections only a detector's boxes. Every sample counts once at any \
      number of ranks.
      """)

  @Option(help: "A run's directory, or one checkpoint's.")
  var checkpoint: String

  @Option(help: "A configuration in place of the checkpoint's own.")
  var config: String?

  @Option(name: .customLong("set"), help: ArgumentHelp("Overrides a key of the configuration.", valueName: "key=value"))
  var overrides: [String] = []

  @Flag(help: "Average each sample's heatmaps with those of its mirror image.")
  var flip = false

  @Option(help: ArgumentHelp("Average over squares of several sizes, such as 0.8,1,1.25.", valueName: "factors"))
  var scales = "1"

  @Option(
    help: ArgumentHelp(
      "COCO: look for people in the boxes of this file alone, in the form of COCO's results.", valueName: "file"))
  var detections: String?

  @Option(help: "With --detections: the lowest score of a box that is looked into (default: any).")
  var minScore: Double?

  @Option(
    help: "A folder for the predictions, in a form of our own and in the set's; with --detections in COCO's alone.")
  var out: String?

  @Flag(help: "One line of JSON.")
  var json = false

  func run() throws {
    guard detections != nil || minScore == nil else { throw UsageError("--min-score goes with --detections") }
    let testTime = TestTime(flips: flip, scales: try Self.factors(scales))
    let communicator = try Program.join()
    let found = try Together.everywhere(communicator) {
      if let out, communicator.rank == 0 { try FileSystem.requireWritable(directory: out) }
      return try CheckpointStore.open(checkpoint).checkpoint
    }
    let configuration = try Configuration.shared(communicator) {
      if let config { return try Configuration.load(file: config, overrides: overrides) }
      return try Configuration.parse(found.config, file: "\(found.path)/config.yaml", overrides: overrides)
    }
    let machine = try Together.everywhere(communicator) { try Machine(configuration, communicator) }
    let watchdog = try Program.watch(communicator, configuration, isTerminal: machine.isTerminal)
    let dataset = try Together.everywhere(communicator) { try configuration.usableDataset(.valid) }
    try Together.everywhere(communicator) { try found.requireSkeleton(of: dataset) }
    if let detections {
      let detected = try Together.everywhere(communicator) { try self.detected(detections, configuration, dataset) }
      let predictions = try predict(detected.boxes, found, configuration, machine, testTime, communicator)
      watchdog?.stop()
      guard communicator.rank == 0 else { return }
      let figures = try DetectionFigures(detected.set, detected.boxes, predictions)
      if let out { try PredictionExport.writeResults(figures.people, to: out) }
      print(json ? figures.json(found.step).text : figures.table)
      return
    }
    let predictions = try predict(dataset, found, configuration, machine, testTime, communicator)
    watchdog?.stop()
    guard communicator.rank == 0 else { return }
    let figures = try PoseFigures(dataset, predictions)
    if let out { try PredictionExport(dataset, predictions).write(configuration.data.kind, to: out) }
    print(json ? figures.json(found.step, dataset.skeleton).text : figures.table(dataset.skeleton))
  }

  /// What the checkpoint says of each of a set's samples.
  private func predict(
    _ dataset: any PoseDataset, _ found: Checkpoint, _ configuration: Configuration, _ machine: Machine,
    _ testTime: TestTime, _ communicator: any Communicator
  ) throws -> [[JointDecoder.Position]?] {
    let batch = max(1, min(8, dataset.count / communicator.worldSize))
    let estimator = try Together.everywhere(communicator) {
      try PoseEstimator(
        configuration, joints: dataset.skeleton.jointCount, checkpoint: found.state, batch: batch,
        machine.makeContext())
    }
    return try Evaluator(dataset, configuration, batch: batch, communicator: communicator)
      .evaluate(estimator, testTime).predictions
  }

  /// The set, and a detector's boxes in its photographs.
  private func detected(
    _ file: String, _ configuration: Configuration, _ dataset: any PoseDataset
  ) throws -> (set: PhotographDataset, boxes: PhotographDataset) {
    guard configuration.data.kind == .coco, let set = dataset as? PhotographDataset else {
      throw UsageError("--detections goes with data.kind coco, whose photographs are numbered")
    }
    let boxes = set.detected(try DetectedPerson.read(file, minScore: minScore ?? -.infinity))
    guard boxes.count > 0 else { throw DataError(file, "has no box in a photograph of the set") }
    if configuration.data.onBroken == .fail { try boxes.requirePhotographs() }
    return (set, boxes)
  }

  private static func factors(_ text: String) throws -> [Double] {
    let factors = text.split(separator: ",", omittingEmptySubsequences: false).map { Double($0) ?? .nan }
    guard factors.allSatisfy({ $0 >= 0.1 && $0 <= 10 }) else {
      throw UsageError("--scales \(text) is not a list of factors from 0.1 to 10, such as 0.8,1,1.25")
    }
    return factors
  }
}
