import Foundation
import PoseData
import Testing

/// Each form of annotations, from small files with known numbers.
@Suite struct AnnotationFormatTests {
  private typealias Joint = PoseAnnotation.Joint

  /// Sixteen joints at (10 + j, 100 + 2j), as a file's text.
  private static func places(_ flag: (Int) -> String = { _ in ", 1.0" }) -> [String] {
    (0..<16).map { "[\(10 + $0).0, \(100 + 2 * $0).0\(flag($0))]" }
  }

  private static func list(_ items: [String]) -> String { "[\(items.joined(separator: ", "))]" }

  /// The people of a text under a name, and the error where it is refused.
  private func people(
    _ format: PhotographFiles.Format, _ text: String, as file: String = "a.json", _ part: PhotographFiles.Part? = nil
  ) throws -> PhotographDataset {
    try TestFolders.withTemporary { folder in
      try FileManager.default.createDirectory(
        atPath: URL(fileURLWithPath: "\(folder)/\(file)").deletingLastPathComponent().path,
        withIntermediateDirectories: true)
      try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(file)"))
      let isUsual = file != "a.json"
      return try PhotographFiles(format, path: folder, annotations: isUsual ? "" : file).open(part)
    }
  }

  private func refusal(_ format: PhotographFiles.Format, _ text: String) throws -> String? {
    do {
      _ = try people(format, text)
      return nil
    } catch let error as DataError {
      #expect(error.place.hasSuffix("/a.json"))
      return error.problem
    }
  }

  private func hourglass(_ joints: [String], validation: String = "0.0", scale: String = "2.0") -> String {
    """
    {"dataset": "MPI", "isValidation": \(validation), "img_paths": "p.jpg", "objpos": [51.0, 41.0],
     "scale_provided": \(scale), "joint_self": \(Self.list(joints)), "joint_others": []}
    """
  }

  @Test func theHourglassFormOfMPII() throws {
    var joints = Self.places { $0 == 4 ? ", 0.0" : ", 1.0" }
    joints[0] = "[0.0, 0.0, 0.0]"
    joints[1] = "[30.0, -3.5, 1.0]"
    let text = Self.list([hourglass(joints), hourglass(Self.places(), validation: "1.0")])
    let all = try people(.mpii, text, as: "mpii_annotations.json")
    #expect(all.count == 2 && all.skeleton == .mpii && all.name(of: 1) == "p.jpg [1]")
    let first = try all.annotation(0)
    // 15 pixels a scale lower, 1.25 times as large, and pixels count from 0.
    #expect(first.centerX == 50 && first.centerY == 70 && first.side == 500)
    #expect(first.joints[2] == Joint(x: 11, y: 103, isLabelled: true, isVisible: true))
    #expect(first.joints[4] == Joint(x: 13, y: 107, isLabelled: true, isVisible: false))
    #expect(first.joints.map(\.isLabelled) == (0..<16).map { $0 > 1 })
    let valid = try people(.mpii, text, as: "mpii_annotations.json", .valid)
    #expect(valid.count == 1 && valid.name(of: 0) == "p.jpg [1]")
  }

  @Test func theHRNetFormOfMPII() throws {
    let text = """
      [{"image": "p.jpg", "center": [51.0, 41.0], "scale": 2.0, "joints": \(Self.list(Self.places { _ in "" })),
        "joints_vis": \(Self.list((0..<16).map { $0 == 3 ? "0" : "1" }))},
       {"image": "q.jpg", "center": [51.0, 41.0], "scale": 1.0}]
      """
    let set = try people(.mpii, text, as: "annot/valid.json", .valid)
    let first = try set.annotation(0)
    #expect(set.count == 2 && first.centerY == 70 && first.side == 500)
    #expect(first.joints.map(\.isLabelled) == (0..<16).map { $0 != 3 })
    #expect(first.joints[2] == Joint(x: 11, y: 103, isLabelled: true, isVisible: true))
    #expect(try set.annotation(1).joints.allSatisfy { !$0.isLabelled })
  }

  @Test(arguments: ["release.mat", "release-deflated.mat"])
  func whatTheMakersOfMPIIRelease(_ file: String) throws {
    let set = try PhotographFiles(.mpii, path: TestFolders.fixture(file)).open(.train)
    #expect(set.count == 2 && set.skeleton == .mpii && set.name(of: 1) == "a.jpg [annolist(1).annorect(2)]")
    #expect(set.photographs == [TestFolders.fixture("a.jpg")])
    let (first, second) = (try set.annotation(0), try set.annotation(1))
    #expect(first.centerX == 199 && first.centerY == 179 && first.side == 500 && second.side == 375)
    #expect(first.joints[0] == Joint(x: 29.5, y: 60, isLabelled: true, isVisible: false))
    #expect(first.joints[9] == Joint(x: 40, y: 71, isLabelled: true, isVisible: true))
    #expect(first.joints[15] == Joint(x: 51.25, y: 82, isLabelled: true, isVisible: true))
    #expect(first.joints.count { $0.isLabelled } == 3)
    #expect(second.joints[6] == Joint(x: 99, y: 119, isLabelled: true, isVisible: false))
    #expect(second.joints[7] == Joint(x: 109.5, y: 129, isLabelled: true, isVisible: true))
    // Six tenths of the diagonal of 30 by 40.
    #expect(set.details(0).headSize == 30 && set.details(1).headSize == nil)
    #expect(throws: DataError.self) { try PhotographFiles(.mpii, path: TestFolders.fixture(file)).open(.valid) }
  }

  /// A release of one person, with one thing in it other than it should be.
  private func release(
    name: String = "a.jpg", id: MatValue = .numbers([3]), x: MatValue = .numbers([5]), flag: MatValue = .text("1"),
    scale: Double = 2, isTraining: [Double] = [1]
  ) -> MatValue {
    func structure(_ fields: KeyValuePairs<String, MatValue>) -> MatValue {
      .structs(.init(fields: fields.map(\.key), values: fields.map(\.value)))
    }
    let point = structure(["x": x, "y": .numbers([6]), "id": id, "is_visible": flag])
    let person = structure([
      "annopoints": structure(["point": point]), "scale": .numbers([scale]),
      "objpos": structure(["x": .numbers([7]), "y": .numbers([8])]),
    ])
    return structure([
      "annolist": structure(["image": structure(["name": .text(name)]), "annorect": person]),
      "img_train": .numbers(isTraining), "single_person": .cells([.numbers([1]), .cells([])]),
    ])
  }

  @Test func whatIsWrongWithAReleaseIsNamed() throws {
    try TestFolders.withTemporary { folder in
      let file = "\(folder)/mpii_human_pose_v1_u12_1.mat"
      func problem(_ release: MatValue, _ variable: String = "RELEASE") -> String? {
        do {
          try MatFile.write(release, variable: variable, to: file)
          let set = try PhotographFiles(.mpii, path: folder).open(.train)
          return set.count == 1 ? nil : "\(set.count) people"
        } catch {
          let error = error as? DataError
          #expect(error?.place == file)
          return error?.problem
        }
      }
      #expect(problem(release()) == nil)
      #expect(problem(release(isTraining: [0])) == "0 people")
      #expect(
        problem(release(isTraining: [1, 1]))
          == "RELEASE has no annolist with an img_train for each of its images")
      #expect(
        problem(release(name: "../a.jpg")) == "annolist(1).image.name leads to no file in the photographs' folder")
      let point = "annolist(1).annorect(1).annopoints.point(1)"
      #expect(problem(release(id: .numbers([16]))) == "\(point).id is not a joint from 0 to 15")
      #expect(problem(release(flag: .text("2"))) == "\(point).is_visible is not 0 or 1")
      #expect(problem(release(x: .text("left"))) == "\(point), left hip: labelled at (nan, 6.0)")
      #expect(
        problem(release(scale: -1)) == "annolist(1).annorect(1): a person of scale -1.0 at [7.0, 8.0]")
      #expect(problem(release(), "OTHER") == "the element at byte 128 is not a numeric array")
    }
  }

  /// Of a file cut at any byte, or with any byte changed, nothing worse comes than an error.
  @Test(arguments: ["release.mat", "release-deflated.mat"])
  func aDamagedReleaseIsRefused(_ file: String) throws {
    let good = [UInt8](try Data(contentsOf: URL(fileURLWithPath: TestFolders.fixture(file))))
    try TestFolders.withTemporary { folder in
      func isRead(_ bytes: [UInt8]) throws -> Bool {
        try Data(bytes).write(to: URL(fileURLWithPath: "\(folder)/a.mat"))
        return (try? PhotographFiles(.mpii, path: "\(folder)/a.mat").open()) != nil
      }
      for length in stride(from: 0, to: good.count, by: 7) {
        let isCutFileRead = try isRead(Array(good[..<length]))
        #expect(!isCutFileRead, "\(length) of \(good.count) bytes")
      }
      var refused = 0
      for place in stride(from: 128, to: good.count, by: 3) {
        var bytes = good
        bytes[place] ^= 0x55
        if try !isRead(bytes) { refused += 1 }
      }
      #expect(refused > 50)
    }
  }

  @Test func whatIsWrongWithMPIIIsNamed() throws {
    let good = hourglass(Self.places())
    #expect(try refusal(.mpii, "[\(good), {}]") == "[1] has no center")
    #expect(try refusal(.mpii, "[\(good), 5]") == "[1] is of a wrong type")
    #expect(try refusal(.mpii, "[\(hourglass(Array(Self.places().dropLast())))]") == "[0].joint_self is not 16×3")
    #expect(
      try refusal(.mpii, "[\(hourglass(Self.places(), scale: "0"))]") == "[0]: a person of scale 0.0 at [51.0, 41.0]")
    let far = Self.places { $0 == 9 ? "" : ", 1.0" }.map {
      $0.hasSuffix(".0]") && !$0.contains(", 1.0]") ? "[1e7, 5, 1]" : $0
    }
    #expect(try refusal(.mpii, "[\(hourglass(far))]") == "[0].joint_self, head top: labelled at (10000000.0, 5.0)")
    #expect(
      try refusal(.mpii, "[\(good.replacingOccurrences(of: "p.jpg", with: "../p.jpg"))]")
        == "[0]: \"../p.jpg\" does not stay in the photographs' folder")
    #expect(try refusal(.mpii, "[\(good)")?.hasPrefix("is not JSON: ") == true)
    #expect(
      try refusal(.mpii, "[\(good.replacingOccurrences(of: "[51.0, 41.0]", with: "[NaN, 4]"))]")?.hasPrefix(
        "is not JSON")
        == true)
    #expect(try refusal(.mpii, String(repeating: "[", count: 100_000)) != nil)
  }

  private func coco(_ annotations: String) -> String {
    """
    {"images": [{"id": 7, "file_name": "a.jpg", "width": 640, "height": 480}], "annotations": [\(annotations)],
     "categories": [{"id": 1, "name": "person"}]}
    """
  }

  private func person(_ keypoints: [Int], box: String = "[10, 20, 31, 41]", image: Int = 7, crowd: Int = 0) -> String {
    """
    {"id": 3, "image_id": \(image), "category_id": 1, "iscrowd": \(crowd), "bbox": \(box), "area": 5.5,
     "segmentation": [[1.5, 2, 3, 4]], "num_keypoints": 2, "keypoints": \(keypoints)}
    """
  }

  @Test func coco() throws {
    var keypoints = Array(repeating: 0, count: 51)
    keypoints.replaceSubrange(0..<3, with: [12, 13, 2])
    keypoints.replaceSubrange(48..<51, with: [40, 50, 1])
    let nobody = Array(repeating: 0, count: 51)
    let text = coco([person(keypoints), person(nobody), person(keypoints, crowd: 1)].joined(separator: ","))
    let set = try people(.coco, text, as: "annotations/person_keypoints_val2017.json", .valid)
    #expect(set.count == 1 && set.skeleton == .coco && set.name(of: 0) == "a.jpg [3]")
    #expect(set.bystanders.map(\.details.isCrowd) == [false, true] && set.bystanders[0].joints[0].isLabelled == false)
    #expect(set.details(0).area == 5.5 && set.details(0).box == [10, 20, 31, 41] && set.details(0).imageID == 7)
    let annotation = try set.annotation(0)
    #expect(annotation.joints[0] == Joint(x: 12, y: 13, isLabelled: true, isVisible: true))
    #expect(annotation.joints[16] == Joint(x: 40, y: 50, isLabelled: true, isVisible: false))
    #expect(annotation.joints.count { $0.isLabelled } == 2)
    #expect(annotation.centerX == 25 && annotation.centerY == 40 && annotation.side == 51.25)

    #expect(try refusal(.coco, coco(person(keypoints, image: 8))) == "annotations[0]: there is no image 8")
    #expect(try refusal(.coco, coco(person([1]))) == "annotations[0].keypoints has 1 numbers, not 51")
    #expect(
      try refusal(.coco, coco(person(keypoints, box: "[1, 2, 0, 0]")))
        == "annotations[0].bbox is [1.0, 2.0, 0.0, 0.0], not a box")
    keypoints[5] = 3
    #expect(
      try refusal(.coco, coco(person(keypoints))) == "annotations[0].keypoints, left eye: flag 3.0, not 0, 1 or 2")
  }

  /// A detector's boxes lead to photographs by their numbers, those in which nobody is labelled too.
  @Test func detections() throws {
    let images = #""images": [{"id": 7, "file_name": "a.jpg"}, {"id": 9, "file_name": "b.jpg"}]"#
    let text = #"{\#(images), "annotations": [\#(person(Array(repeating: 1, count: 51)))]}"#
    let box = #"{"image_id": 9, "category_id": 1, "bbox": [10, 20, 31, 41], "score": 0.5, "area": 3}"#
    func found(_ text: String, minScore: Double = 0.5) throws -> [DetectedPerson] {
      try TestFolders.withTemporary { folder in
        try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/found.json"))
        return try DetectedPerson.read("\(folder)/found.json", minScore: minScore)
      }
    }
    let boxes = [
      box, box.replacing("_id\": 1", with: "_id\": 2"), box.replacing("0.5", with: "0.4"),
      box.replacing("9", with: "8"),
    ]
    let people = try found(Self.list(boxes))
    #expect(people.map(\.number) == [0, 3] && people.map(\.imageID) == [9, 8])
    #expect(try found(Self.list(boxes), minScore: 0).count == 3)
    let set = try TestFolders.withTemporary { folder in
      try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/a.json"))
      let files = PhotographFiles(.coco, path: "\(folder)/a.json", images: "/photographs")
      // Of chosen people the photographs are chosen too.
      #expect(((try? files.open(range: 1...1).detected(people))?.count) == 0)
      return try files.open()
    }
    let detected = set.detected(people)
    #expect(detected.count == 1 && detected.photograph(of: 0) == "/photographs/b.jpg")
    #expect(detected.name(of: 0) == "b.jpg [detection 0]" && detected.details(0).boxScore == 0.5)
    let annotation = try detected.annotation(0)
    #expect(annotation.joints.count == 17 && !annotation.joints.contains(where: \.isLabelled))
    #expect(annotation.centerX == 25 && annotation.centerY == 40 && annotation.side == 51.25)

    func refusal(_ text: String) -> String? {
      do {
        _ = try found(text)
        return nil
      } catch { return (error as? DataError)?.problem }
    }
    #expect(refusal(Self.list([box, box.replacing("31, 41", with: "0, 0")]))?.hasPrefix("[1].bbox is") == true)
    #expect(refusal(Self.list([box.replacing(", \"score\": 0.5", with: "")])) == "[0] has no score")
    #expect(refusal("{}") == "the whole is of a wrong type")
  }

  @Test func lsp() throws {
    let files = PhotographFiles(.lsp, path: TestFolders.fixture(""), annotations: "joints-lsp.mat")
    let all = try files.open()
    #expect(all.count == 4 && all.skeleton == .lsp && all.name(of: 1) == "im0002.jpg")
    let second = try all.annotation(1)
    #expect(second.joints[4] == Joint(x: 14, y: 31, isLabelled: true, isVisible: false))
    #expect(second.joints[5] == Joint(x: 15, y: 34, isLabelled: true, isVisible: true))
    // x from 10 to 23 and y from 19 to 58.
    #expect(second.centerX == 16.5 && second.centerY == 38.5 && second.side == 58.5)
    #expect(try files.open(.train).count == 2)
    #expect(try files.open(.valid).name(of: 0) == "im0003.jpg")
    #expect(try files.open(.valid, range: 2...2).name(of: 0) == "im0004.jpg")
  }

  private func keypoints(
    skeleton: String =
      #""joints": ["left tip", "right tip"], "flip_pairs": [[0, 1]], "limbs": [[0, 1]], "torso": [0, 1]"#,
    sample: String = #""joints": [[1, 2, 2], [11, 12, 1]]"#, more: String = #", "train": [1], "valid": []"#
  ) -> String {
    """
    {"skeleton": {\(skeleton)}, "samples": [{"image": "a.jpg", \(sample)},
     {"image": "b/c.jpg", "joints": [[5, 6, 0], [7, 8, 2]], "center": [3, 4], "side": 9}]\(more)}
    """
  }

  @Test func keypointsOfOurOwn() throws {
    let set = try people(.keypoints, keypoints(), as: "annotations.json")
    #expect(set.count == 2 && set.skeleton.jointNames == ["left tip", "right tip"] && set.skeleton.sigmas.isEmpty)
    let (first, second) = (try set.annotation(0), try set.annotation(1))
    #expect(first.joints[1] == Joint(x: 11, y: 12, isLabelled: true, isVisible: false))
    #expect(first.centerX == 6 && first.centerY == 7 && first.side == 15)
    #expect(second.centerX == 3 && second.centerY == 4 && second.side == 9 && !second.joints[0].isLabelled)
    #expect(try people(.keypoints, keypoints(), as: "annotations.json", .train).name(of: 0) == "b/c.jpg [1]")
    let boxed = keypoints(sample: #""joints": [[1, 2, 2], [11, 12, 1]], "box": [0, 0, 21, 11]"#)
    #expect(try people(.keypoints, boxed).annotation(0).side == 26.25)
  }

  @Test(arguments: [
    (#""joints": ["a", "a"], "flip_pairs": [], "limbs": [], "torso": [0, 1]"#, "skeleton: two joints have one name"),
    (
      #""joints": ["a", "b"], "flip_pairs": [[0, 2]], "limbs": [], "torso": [0, 1]"#,
      "skeleton: flip_pairs: [0, 2] are not two of the joints 0 to 1"
    ),
    (
      #""joints": ["a", "b"], "flip_pairs": [[0, 1], [1, 0]], "limbs": [], "torso": [0, 1]"#,
      "skeleton: flip_pairs: a joint is in two pairs"
    ),
    (
      #""joints": ["a", "b"], "flip_pairs": [[0]], "limbs": [], "torso": [0, 1]"#,
      "skeleton.flip_pairs: [0] is not a pair"
    ),
    (#""joints": ["a", "b"], "flip_pairs": [], "limbs": []"#, "skeleton has no torso"),
    (
      #""joints": ["a", "b"], "flip_pairs": [], "limbs": [], "torso": [0, 1], "sigmas": [1]"#,
      "skeleton: sigmas are not a number above 0 for each joint"
    ),
  ])
  func aSkeletonThatIsNoneIsRefused(_ skeleton: String, _ problem: String) throws {
    #expect(try refusal(.keypoints, keypoints(skeleton: skeleton)) == problem)
  }

  @Test(arguments: [
    (#""joints": [[1, 2, 2]]"#, "samples[0].joints is not 2×3"),
    (#""joints": [[1, 2, 2], [1, 2, 3]]"#, "samples[0].joints, right tip: flag 3.0, not 0, 1 or 2"),
    (#""joints": [[1, 2, 2], [1, 2e6, 1]]"#, "samples[0].joints, right tip: labelled at (1.0, 2000000.0)"),
    (#""joints": [[1, 2, 2], [1, 2, 1]], "side": 4"#, "samples[0]: center and side do not make a square"),
    (
      #""joints": [[1, 2, 2], [1, 2, 1]], "side": 4, "box": [1, 2, 3, 4]"#,
      "samples[0] has both a box and a center or side"
    ),
    (#""joints": [[1, 2, 2], [1, 2, 1]], "box": [1, 2, -3, 4]"#, "samples[0].box is [1.0, 2.0, -3.0, 4.0], not a box"),
  ])
  func aSampleThatIsNoneIsRefused(_ sample: String, _ problem: String) throws {
    #expect(try refusal(.keypoints, keypoints(sample: sample)) == problem)
  }

  @Test func partsAndFilesThatAreNotThereAreNamed() throws {
    #expect(try refusal(.keypoints, keypoints(more: #", "train": [2]"#)) == "train: there is no sample 2 among 2")
    let without = #expect(throws: DataError.self) {
      try people(.keypoints, keypoints(more: ""), as: "annotations.json", .valid)
    }
    #expect(without?.problem == "does not say which people are for valid; name them by number, such as 1-100")
    try TestFolders.withTemporary { folder in
      let nothing = #expect(throws: DataError.self) { try PhotographFiles(.coco, path: folder).open(.train) }
      #expect(
        nothing?.description
          == "\(folder): holds no annotations/person_keypoints_train2017.json nor annotations/person_keypoints_train2014.json; "
          + "name the file of annotations with data.annotations")
      #expect(throws: DataError.self) { try PhotographFiles(.mpii, path: "\(folder)/none").open() }
    }
  }

  /// Photographs are looked for where the set's makers, or the configuration, put them.
  @Test func photographsAreFound() throws {
    try TestFolders.withTemporary { folder in
      let text = coco(person(Array(repeating: 1, count: 51)))
      for place in ["annotations", "val2017", "images/val2017", "other"] {
        try FileManager.default.createDirectory(atPath: "\(folder)/\(place)", withIntermediateDirectories: true)
      }
      let file = "annotations/person_keypoints_val2017.json"
      try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(file)"))
      func photograph(_ files: PhotographFiles) throws -> String { try files.open(.valid).photographs[0] }
      #expect(try photograph(PhotographFiles(.coco, path: folder)) == "\(folder)/images/val2017/a.jpg")
      try FileManager.default.removeItem(atPath: "\(folder)/images")
      #expect(try photograph(PhotographFiles(.coco, path: folder)) == "\(folder)/val2017/a.jpg")
      #expect(try photograph(PhotographFiles(.coco, path: folder, images: "other")) == "\(folder)/other/a.jpg")
      #expect(try photograph(PhotographFiles(.coco, path: "\(folder)/\(file)", images: "/x")) == "/x/a.jpg")
      #expect(try photograph(PhotographFiles(.coco, path: "\(folder)/\(file)")) == "\(folder)/annotations/a.jpg")
    }
  }
}
