import ArgumentParser
import Foundation
import PoseData
import RunRecord
import Training

struct DataCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "data", abstract: "Looks after data sets.", subcommands: [SynthesizeCommand.self])
}

/// Writes what `data.kind: synthetic` trains on, for other programs.
struct SynthesizeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "synthesize", abstract: "Writes the synthetic people of a configuration as JPEGs and a JSON file.")

  @Option(help: "A configuration with data.kind: synthetic.")
  var config: String

  @Option(name: .customLong("set"), help: ArgumentHelp("Overrides a key of the configuration.", valueName: "key=value"))
  var overrides: [String] = []

  @Option(help: "The folder to write to.")
  var out: String

  @Option(help: "JPEG quality.")
  var quality = 95

  func run() throws {
    let configuration = try Configuration.load(file: config, overrides: overrides)
    guard configuration.data.kind == .synthetic else { throw UsageError("\(config) is not of data.kind: synthetic") }
    let splits = try DataSplits(configuration)
    var samples: [JSONValue] = []
    var parts: [(String, [JSONValue])] = []
    for (name, set) in [("train", splits.train), ("valid", splits.valid)] {
      try FileManager.default.createDirectory(atPath: "\(out)/\(name)", withIntermediateDirectories: true)
      var indices: [JSONValue] = []
      for index in 0..<set.count {
        let digits = String(index + 1)
        let file = "\(name)/\(String(repeating: "0", count: max(0, 6 - digits.count)))\(digits).jpg"
        try JPEGEncoder.write(try set.image(index), to: "\(out)/\(file)", quality: quality)
        indices.append(JSONValue(samples.count))
        samples.append(.object(Self.sample(file, try set.annotation(index))))
      }
      parts.append((name, indices))
    }
    let skeleton = splits.train.skeleton
    let pair = { (pair: (Int, Int)) in JSONValue.array([JSONValue(pair.0), JSONValue(pair.1)]) }
    var file: JSONObject = [
      "skeleton": .object([
        "joints": .array(skeleton.jointNames.map { .string($0) }), "flip_pairs": .array(skeleton.flipPairs.map(pair)),
        "torso": pair((skeleton.torso.leftShoulder, skeleton.torso.rightHip)),
      ]), "samples": .array(samples),
    ]
    for (name, indices) in parts { file.append(name, .array(indices)) }
    guard FileManager.default.createFile(atPath: "\(out)/annotations.json", contents: Data(file.text.utf8)) else {
      throw DataError("\(out)/annotations.json", "cannot be written")
    }
    Program.say("\(samples.count) samples in \(out)")
  }

  private static func sample(_ file: String, _ annotation: PoseAnnotation) -> JSONObject {
    let joints = annotation.joints.map { joint -> JSONValue in
      .array([JSONValue(joint.x), JSONValue(joint.y), JSONValue(joint.isLabelled ? 1 : 0)])
    }
    return [
      "image": .string(file), "joints": .array(joints),
      "center": .array([JSONValue(annotation.centerX), JSONValue(annotation.centerY)]),
      "side": JSONValue(annotation.side),
    ]
  }
}
