import ArgumentParser
import Communication
import Configuration
import Estimation
import Foundation
import Metrics
import Platform
import PoseData
import RunRecord

struct PredictCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "predict", abstract: "Finds the joints of people in images; a line of JSON a person.",
    discussion: """
      Without --detections one person is looked for in each image. With it, people are those that a detector found: a \
      file in the form of COCO's results, its image_id being the last number in an image's name, its boxes of the pixels as \
      stored. Of two skeletons that are alike the better is kept, where the checkpoint's joints have sigmas.
      """)

  @Option(help: "A run's directory, or one checkpoint's.")
  var checkpoint: String

  @OptionGroup var person: PersonOptions

  @Option(help: ArgumentHelp("People found by a detector, as COCO's results.", valueName: "file"))
  var detections: String?

  @Option(help: "With --detections: the lowest score of a box that is looked into (default: 0.5).")
  var minScore: Double?

  @Option(help: "A folder for pictures: the skeletons over the image, and each person's heatmaps.")
  var out: String?

  @Argument(help: "JPEG or PNG files.")
  var images: [String]

  func run() throws {
    guard detections != nil || minScore == nil else { throw UsageError("--min-score goes with --detections") }
    guard detections == nil || !person.isGiven else { throw UsageError("--detections, or --center and --scale") }
    let boxes = try detections.map { file in
      Dictionary(grouping: try DetectedPerson.read(file, minScore: minScore ?? 0.5), by: \.imageID)
    }
    let found = try CheckpointStore.open(checkpoint).checkpoint
    let configuration = try Configuration.parse(found.config, file: "\(found.path)/config.yaml")
    let machine = try Machine(configuration, SingleProcess())
    let skeleton = try found.skeleton
    let predictor = try PosePredictor(
      configuration, joints: skeleton.jointCount, checkpoint: found.state, machine)
    let pictures = try out.map { try PictureFolder($0, for: images) }
    for path in images {
      // A set's boxes are of the pixels as stored, as evaluate reads them.
      let image = try PhotographDecoder.decode(file: path, isTurned: boxes == nil)
      var people: [Person] = []
      if let boxes {
        people = Self.people(boxes[try Self.number(path)] ?? [], image, predictor, skeleton)
        if people.isEmpty { Program.say("\(path): nobody is found in it") }
      } else {
        people = [Person(prediction: predictor.predict(image, try person.square(in: image)))]
      }
      for person in people { print(person.line(path, skeleton).text) }
      guard let pictures else { continue }
      var drawn = image
      let lineWidth = max(2, Double(max(image.width, image.height)) / (people.count > 1 ? 240 : 120))
      for (number, person) in people.enumerated() {
        SkeletonDrawing(skeleton, lineWidth: lineWidth).draw(JointDecoder.joints(person.prediction.joints), on: &drawn)
        try pictures.write(
          HeatmapSheet.make(image, person.prediction, skeleton), of: path,
          suffix: people.count > 1 ? "-heatmaps-\(number + 1)" : "-heatmaps")
      }
      try pictures.write(drawn, of: path)
    }
  }

  /// The people in a detector's boxes, best first.
  private static func people(
    _ boxes: [DetectedPerson], _ image: RGBImage, _ predictor: PosePredictor, _ skeleton: Skeleton
  ) -> [Person] {
    let people = boxes.map { box -> Person in
      let prediction = predictor.predict(image, box.square)
      let found = FoundPerson(
        imageID: box.imageID, joints: prediction.joints, in: box.square, boxScore: box.score)
      return Person(prediction: prediction, detection: (box, found))
    }
    let found = people.map { $0.detection!.found }
    guard !skeleton.sigmas.isEmpty else {
      return people.indices.sorted { (found[$1].score, $0) < (found[$0].score, $1) }.map { people[$0] }
    }
    return ObjectKeypointSimilarity(sigmas: skeleton.sigmas).distinct(found).map { people[$0] }
  }

  /// The photograph's number in its set, as COCO's names have it: `000000000785.jpg`, `COCO_val2014_000000000785.jpg`.
  private static func number(_ path: String) throws -> Int {
    let name = URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent
    let digits = name.split { !("0"..."9" ~= $0) }.last
    guard let number = digits.flatMap({ Int($0) }) else {
      throw UsageError("--detections: \(path) has no number in its name, by which its boxes are found")
    }
    return number
  }

  private struct Person {
    let prediction: PosePredictor.Prediction
    var detection: (box: DetectedPerson, found: FoundPerson)?

    func line(_ image: String, _ skeleton: Skeleton) -> JSONObject {
      let rows = zip(skeleton.jointNames, prediction.joints).map { name, joint -> JSONValue in
        .object([
          "name": .string(name), "x": JSONValue(joint.x), "y": JSONValue(joint.y), "score": JSONValue(joint.score),
        ])
      }
      var line = JSONObject.line(image: image, rows)
      if let (box, found) = detection {
        line.append("box", .array(box.box.map { JSONValue($0) }))
        line.append("box_score", JSONValue(box.score))
        line.append("score", JSONValue(found.score))
      }
      return line
    }
  }
}

extension JSONObject {
  static func line(image: String, _ joints: [JSONValue]) -> JSONObject {
    ["image": .string(image), "joints": .array(joints)]
  }
}
