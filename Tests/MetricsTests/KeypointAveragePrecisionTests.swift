import Foundation
import Metrics
import Platform
import RunRecord
import Testing

/// Against the ten figures of COCO's own program, pycocotools (Tests/Golden/make_keypoint_ap.py).
@Suite struct KeypointAveragePrecisionTests {
  typealias Truth = ObjectKeypointSimilarity.Truth
  typealias Detection = ObjectKeypointSimilarity.Detection

  private func fixture() throws -> JSONObject {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    return try object(folder.appendingPathComponent("Fixtures/keypoint_ap.json").path)
  }

  private func object(_ path: String) throws -> JSONObject {
    let data = try #require(FileManager.default.contents(atPath: path))
    return try #require(try JSONParser.parse(Array(data)).object)
  }

  private func numbers(_ value: JSONValue?) throws -> [Double] {
    try #require(value?.array).map { try #require($0.double) }
  }

  private func expect(_ figures: KeypointAveragePrecision.Figures, _ known: [Double]) {
    let own = [
      figures.ap, figures.ap50, figures.ap75, figures.apMedium, figures.apLarge, figures.ar, figures.ar50, figures.ar75,
      figures.arMedium, figures.arLarge,
    ]
    for (own, known) in zip(own, known) { #expect(abs(own - known) < 1e-6, "\(own), not \(known)") }
    #expect(known.count == 10)
  }

  @Test(arguments: 0..<4)
  func randomDetectionsHaveTheFiguresOfPycocotools(number: Int) throws {
    let one = try #require(try fixture()["cases"]?.array?[number].object)
    let truths = try #require(one["truths"]?.array).map { value in
      let truth = try #require(value.object)
      let box = try numbers(truth["box"])
      return Truth(
        image: try #require(truth["image"]?.int),
        joints: try #require(truth["joints"]?.array).map {
          let joint = try numbers($0)
          return (joint[0], joint[1], Int(joint[2]))
        }, area: try #require(truth["area"]?.double), box: (box[0], box[1], box[2], box[3]),
        isCrowd: truth["crowd"] == .bool(true))
    }
    let detections = try #require(one["detections"]?.array).map { value in
      let detection = try #require(value.object)
      return Detection(
        image: try #require(detection["image"]?.int),
        joints: try #require(detection["joints"]?.array).map {
          let joint = try numbers($0)
          return (joint[0], joint[1])
        }, score: try #require(detection["score"]?.double))
    }
    expect(KeypointAveragePrecision().figures(truths, detections), try numbers(one["figures"]))
  }

  /// COCO's own photographs: the labelled joints, moved by the script's rule.
  @Test(.enabled(if: RealData.folder("coco-sample") != nil, "\(RealData.absence)"))
  func theSampleHasTheFiguresOfPycocotools() throws {
    let folder = try #require(RealData.folder("coco-sample"))
    let annotations = try #require(try object("\(folder)/test_coco.json")["annotations"]?.array)
    var (truths, detections): ([Truth], [Detection]) = ([], [])
    for (number, value) in annotations.enumerated() {
      let person = try #require(value.object)
      let points = try numbers(person["keypoints"])
      let box = try numbers(person["bbox"])
      let image = try #require(person["image_id"]?.int)
      truths.append(
        Truth(
          image: image, joints: (0..<17).map { (points[3 * $0], points[3 * $0 + 1], Int(points[3 * $0 + 2])) },
          area: try #require(person["area"]?.double), box: (box[0], box[1], box[2], box[3]),
          isCrowd: person["iscrowd"]?.int == 1))
      detections.append(
        Detection(
          image: image,
          joints: (0..<17).map { joint in
            (
              points[3 * joint] + Double((number * 7 + joint * 13) % 11 - 5),
              points[3 * joint + 1] + Double((number * 5 + joint * 3) % 9 - 4)
            )
          }, score: Double(number * 37 % 100) / 100))
    }
    expect(KeypointAveragePrecision().figures(truths, detections), try numbers(try fixture()["sample"]))
  }

  @Test func nobodyToBeFoundIsNoFigure() {
    let figures = KeypointAveragePrecision().figures([], [])
    #expect(figures.ap == -1 && figures.arLarge == -1)
  }
}
