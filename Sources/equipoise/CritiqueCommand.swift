import ArgumentParser
import Communication
import Configuration
import Estimation
import Foundation
import Platform
import PoseData
import RunRecord

struct CritiqueCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "critique",
    abstract: "Says which joints of a prediction the discriminator doubts; a line of JSON an image.",
    discussion: """
      A joint's doubt is how far the discriminator's heatmap is from the generator's, by squares and in shares of the \
      generator's. With --judge it is held against labelled samples: how well does it tell wrong joints from right ones?
      """)

  @Option(help: "A run's directory, or one checkpoint's; the run was adversarial.")
  var checkpoint: String

  @OptionGroup var person: PersonOptions

  @Option(help: "A folder for pictures: the generator's maps, the discriminator's, and their difference.")
  var out: String?

  @Flag(help: "Look at the validation samples of the checkpoint's configuration in place of images.")
  var judge = false

  @Option(help: "With --judge: a configuration in place of the checkpoint's own.")
  var config: String?

  @Option(name: .customLong("set"), help: ArgumentHelp("Overrides a key of the configuration.", valueName: "key=value"))
  var overrides: [String] = []

  @Flag(help: "With --judge: one line of JSON.")
  var json = false

  @Argument(help: "JPEG or PNG files.")
  var images: [String] = []

  func run() throws {
    guard judge != !images.isEmpty else { throw UsageError("either --judge or images") }
    guard judge || (config == nil && !json) else { throw UsageError("--config and --json go with --judge") }
    let found = try CheckpointStore.open(checkpoint).checkpoint
    let own = try Configuration.parse(
      found.config, file: "\(found.path)/config.yaml",
      overrides: config == nil ? overrides : [])
    let machine = try Machine(own, SingleProcess())
    let critic = try PoseCritic(own, found, machine.makeContext())
    if judge {
      let configuration = try config.map { try Configuration.load(file: $0, overrides: overrides) } ?? own
      let dataset = try configuration.usableDataset(.valid)
      try found.requireSkeleton(of: dataset)
      let report = try DoubtReport(dataset, critic, onBroken: configuration.data.onBroken)
      print(json ? report.json.text : Self.table(report))
      return
    }
    let pictures = try out.map { try PictureFolder($0, for: images) }
    for path in images {
      let image = try PhotographDecoder.decode(file: path)
      let critique = critic.critique(image, try person.square(in: image))
      print(Self.line(path, critique, critic.skeleton).text)
      try pictures?.write(CritiqueSheet.make(image, critique, critic.skeleton), of: path)
    }
  }

  /// The joints, the one that is doubted most first.
  private static func line(_ path: String, _ critique: PoseCritic.Critique, _ skeleton: Skeleton) -> JSONObject {
    let order = critique.doubt.indices.sorted { critique.doubt[$0] > critique.doubt[$1] }
    return .line(
      image: path,
      order.map { joint in
        let place = critique.joints[joint]
        return .object([
          "name": .string(skeleton.jointNames[joint]), "x": JSONValue(place.x), "y": JSONValue(place.y),
          "score": JSONValue(place.score), "doubt": JSONValue(critique.doubt[joint]),
        ])
      })
  }

  private static func table(_ report: DoubtReport) -> String {
    let width = report.rows.map(\.name.count).max()! + 2
    func row(_ name: String, _ cells: [String]) -> String {
      name.rightPadded(width)
        + cells.map { $0.leftPadded(10) }.joined()
    }
    func share(_ value: Double?) -> String { value.map { $0.fixed(3) } ?? "none" }
    let lines = (report.rows + [report.all]).map { joint in
      row(joint.name, ["\(joint.right)", "\(joint.wrong)", share(joint.doubt), share(joint.peak)])
    }
    return
      ([
        "How well a wrong joint is told (area under the ROC; 0.5 is chance)",
        row("", ["right", "wrong", "doubt", "low peak"]),
      ] + lines).joined(separator: "\n")
  }
}
