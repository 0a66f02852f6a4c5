import Foundation
import Metrics
import Platform
import PoseData
import RunRecord
import Testing

/// People found in a detector's boxes, against a separate program and pycocotools (Tests/Golden/make_keypoint_ap.py).
@Suite struct DetectionFiguresTests {
  private struct Case {
    let set: PhotographDataset
    let boxes: PhotographDataset
    let joints: [[JointDecoder.Position]?]
    let kept: [Int]
    let scores: [Double]
    let figures: [Double]
  }

  private static func photographs(_ images: [Int]) -> [Int: String] {
    Dictionary(images.map { ($0, "/none/\($0).jpg") }, uniquingKeysWith: { one, _ in one })
  }

  private func fixture(_ number: Int) throws -> Case {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    let data = try #require(
      FileManager.default.contents(atPath: folder.appendingPathComponent("Fixtures/found_people.json").path))
    let one = try #require(try JSONParser.parse(Array(data)).object?["cases"]?.array?[number].object)
    func numbers(_ value: JSONValue?) throws -> [Double] {
      try #require(value?.array).map { try #require($0.double) }
    }
    let people = try #require(one["truths"]?.array).map { value in
      let truth = try #require(value.object)
      let joints = try #require(truth["joints"]?.array).map { joint in
        let joint = try numbers(joint)
        return PoseAnnotation.Joint(x: joint[0], y: joint[1], isLabelled: joint[2] > 0, isVisible: joint[2] == 2)
      }
      let image = try #require(truth["image"]?.int)
      var person = LabelledPerson(photograph: "/none/\(image).jpg", name: "a person", joints: joints)
      person.square = .init(centerX: 0, centerY: 0, side: 1)
      person.details.area = try #require(truth["area"]?.double)
      person.details.box = try numbers(truth["box"])
      person.details.imageID = image
      person.details.isCrowd = truth["crowd"] == .bool(true)
      return person
    }
    func isBystander(_ person: LabelledPerson) -> Bool {
      person.details.isCrowd || !person.joints.contains(where: \.isLabelled)
    }
    let boxes = try #require(one["boxes"]?.array).map { try numbers($0) }
    let set = PhotographDataset(
      skeleton: .coco, people: people.filter { !isBystander($0) }, others: people.filter(isBystander),
      numbered: Self.photographs(people.map { $0.details.imageID! } + boxes.map { Int($0[0]) }))
    let list = boxes.map { box -> String in
      #"{"image_id": \#(Int(box[0])), "category_id": 1, "bbox": [\#(box[1]), \#(box[2]), \#(box[3]), \#(box[4])], "#
        + #""score": \#(box[5])}"#
    }
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("found-\(UUID().uuidString).json")
    try Data("[\(list.joined(separator: ","))]".utf8).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    return Case(
      set: set, boxes: set.detected(try DetectedPerson.read(file.path, minScore: 0)),
      joints: try #require(one["joints"]?.array).map { person in
        try #require(person.array).map { joint in
          let joint = try numbers(joint)
          return JointDecoder.Position(x: joint[0], y: joint[1], score: joint[2])
        }
      }, kept: try numbers(one["kept"]).map { Int($0) }, scores: try numbers(one["scores"]),
      figures: try numbers(one["figures"]))
  }

  @Test(arguments: 0..<2) func peopleAreKeptAndScoredAsTheReferenceDoes(number: Int) throws {
    let one = try fixture(number)
    let figures = try DetectionFigures(one.set, one.boxes, one.joints)
    #expect(figures.boxes == one.joints.count && figures.unread == 0 && one.kept.count < one.joints.count)
    #expect(figures.people.map(\.joints) == one.kept.map { one.joints[$0]! })
    #expect(zip(figures.people, one.scores).allSatisfy { abs($0.score - $1) < 1e-12 })
    let found = figures.averagePrecision
    let own = [
      found.ap, found.ap50, found.ap75, found.apMedium, found.apLarge, found.ar, found.ar50, found.ar75,
      found.arMedium, found.arLarge,
    ]
    #expect(zip(own, one.figures).allSatisfy { abs($0 - $1) < 1e-6 }, "\(own), not \(one.figures)")
  }

  /// Nobody in a photograph that cannot be read is found or missed.
  @Test func whatCannotBeReadCountsNowhere() throws {
    let one = try fixture(0)
    func boxes(of image: Int) -> [Int] { (0..<one.boxes.count).filter { one.boxes.details($0).imageID == image } }
    let images = (0..<one.set.count).map { one.set.details($0).imageID! }
    let image = try #require(images.first { boxes(of: $0).count > 1 })
    let places = boxes(of: image)
    var joints = one.joints
    // One box is enough: where the others could be read, the photograph counts nowhere all the same.
    try #require(places.count > 1)
    joints[places[0]] = nil
    let unread = try DetectionFigures(one.set, one.boxes, joints)
    #expect(unread.unread == 1 && !unread.people.contains { $0.imageID == image })
    let others = PhotographDataset(
      skeleton: .coco,
      people: try (0..<one.set.count).filter { one.set.details($0).imageID != image }.map { index in
        LabelledPerson(
          photograph: one.set.photograph(of: index), name: "", joints: try one.set.annotation(index).joints,
          square: .init(centerX: 0, centerY: 0, side: 1), details: one.set.details(index))
      }, others: one.set.bystanders.filter { $0.details.imageID != image },
      numbered: Self.photographs((0..<one.boxes.count).map { one.boxes.details($0).imageID! }.filter { $0 != image }))
    let without = try DetectionFigures(
      others, one.boxes, joints)
    #expect(unread.averagePrecision == without.averagePrecision)
  }
}
