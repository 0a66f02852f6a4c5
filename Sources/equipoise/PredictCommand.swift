import ArgumentParser
import Communication
import Foundation
import PoseData
import RunRecord
import Tensors
import Training

struct PredictCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "predict", abstract: "Finds the joints of one person in each image; a line of JSON an image.")

  @Option(help: "A run's directory, or one checkpoint's.")
  var checkpoint: String

  @OptionGroup var person: PersonOptions

  @Option(help: "A folder for pictures with the skeleton drawn on.")
  var out: String?

  @Argument(help: "JPEG or PNG files.")
  var images: [String]

  func run() throws {
    let found = try CheckpointStore.open(checkpoint).checkpoint
    let configuration = try Configuration.parse(found.config, file: "\(found.path)/config.yaml")
    let machine = try Machine(configuration, SingleProcess())
    let skeleton = try found.skeleton
    let predictor = try PosePredictor(
      configuration, joints: skeleton.jointCount, checkpoint: found.state, machine)
    if let out { try FileManager.default.createDirectory(atPath: out, withIntermediateDirectories: true) }
    for path in images {
      var image = try PhotographDecoder.decode(file: path).image
      let joints = predictor.predict(image, try person.square(in: image))
      let rows = zip(skeleton.jointNames, joints).map { name, joint -> JSONValue in
        .object([
          "name": .string(name), "x": JSONValue(joint.x), "y": JSONValue(joint.y), "score": JSONValue(joint.score),
        ])
      }
      print(JSONObject.line(image: path, rows).text)
      if let out {
        let drawn = JointDecoder.joints(joints)
        let lineWidth = max(2, Double(max(image.width, image.height)) / 120)
        SkeletonDrawing(skeleton, lineWidth: lineWidth).draw(drawn, on: &image)
        let name = URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent
        try PNGWriter.write(image, to: "\(out)/\(name).png")
      }
    }
  }
}

extension JSONObject {
  static func line(image: String, _ joints: [JSONValue]) -> JSONObject {
    ["image": .string(image), "joints": .array(joints)]
  }
}
