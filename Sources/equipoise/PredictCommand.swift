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

  @Option(help: "The person's centre, X,Y in pixels; without it, the image's.")
  var center: String?

  @Option(help: "The person's size: the crop's side is 200 pixels times this; without it, the image's longer side.")
  var scale: Double?

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
    let place = try center.map(Self.point)
    if let scale, !(scale > 0 && scale.isFinite) { throw UsageError("--scale \(scale) is not a size") }
    if let out { try FileManager.default.createDirectory(atPath: out, withIntermediateDirectories: true) }
    for path in images {
      var image = try PhotographDecoder.decode(file: path).image
      let joints = predictor.predict(
        image, centerX: place?.x ?? Double(image.width - 1) / 2, centerY: place?.y ?? Double(image.height - 1) / 2,
        side: scale.map { $0 * 200 } ?? Double(max(image.width, image.height)))
      let rows = zip(skeleton.jointNames, joints).map { name, joint -> JSONValue in
        .object([
          "name": .string(name), "x": JSONValue(joint.x), "y": JSONValue(joint.y), "score": JSONValue(joint.score),
        ])
      }
      print(JSONObject.line(image: path, rows).text)
      if let out {
        let drawn = joints.map { PoseAnnotation.Joint(x: $0.x, y: $0.y, isLabelled: true, isVisible: true) }
        let lineWidth = max(2, Double(max(image.width, image.height)) / 120)
        SkeletonDrawing(skeleton, lineWidth: lineWidth).draw(drawn, on: &image)
        let name = URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent
        try PNGWriter.write(image, to: "\(out)/\(name).png")
      }
    }
  }

  private static func point(_ text: String) throws -> (x: Double, y: Double) {
    let parts = text.split(separator: ",").map { Double($0) }
    guard parts.count == 2, let x = parts[0], let y = parts[1], x.isFinite, y.isFinite else {
      throw UsageError("--center \(text) is not X,Y")
    }
    return (x, y)
  }
}

extension JSONObject {
  static func line(image: String, _ joints: [JSONValue]) -> JSONObject {
    ["image": .string(image), "joints": .array(joints)]
  }
}
