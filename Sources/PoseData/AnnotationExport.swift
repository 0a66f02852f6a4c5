import Foundation
import Platform

/// Annotations in the forms that `PhotographFiles` reads, written where it looks for them.
public struct AnnotationExport {
  public enum Form: String, CaseIterable, Sendable {
    case keypoints, mpii, lsp, lspet, coco
    /// MPII as HRNet's code has it.
    case hrnet = "mpii-hrnet"
    /// MPII as its makers release it, where everybody is for training.
    case release = "mpii-mat"
  }

  private struct Person {
    let part: PhotographFiles.Part
    let photograph: String
    let annotation: PoseAnnotation
  }

  private let form: Form
  private let skeleton: Skeleton
  private let folder: String
  private var people: [Person] = []

  /// - Parameters:
  ///   - skeleton: of the people to come; the form's own where it has one, and then joints that it lacks are left out.
  ///   - folder: for everything; made where it is not there.
  public init(_ form: Form, skeleton: Skeleton, folder: String) throws(FileSystemError) {
    self.form = form
    self.skeleton = skeleton
    self.folder = folder
    for part in PhotographFiles.Part.allCases {
      try FileSystem.createDirectory("\(folder)/\(photographs(part))")
    }
  }

  /// The folder of a part's photographs, from `folder`.
  private func photographs(_ part: PhotographFiles.Part) -> String {
    switch form {
    case .keypoints: part.rawValue
    case .coco: part == .train ? "train2017" : "val2017"
    case .mpii, .hrnet, .release, .lsp, .lspet: "images"
    }
  }

  /// Writes a person's photograph and keeps the annotation for `finish`.
  public mutating func add(
    _ image: RGBImage, _ annotation: PoseAnnotation, to part: PhotographFiles.Part, quality: Int
  ) throws {
    let number = String(people.count + 1)
    let name: String
    switch form {
    case .lsp: name = "im\(number.leftPadded(4, "0")).jpg"
    case .lspet: name = "im\(number.leftPadded(5, "0")).jpg"
    case .coco: name = "\(number.leftPadded(12, "0")).jpg"
    case .keypoints, .mpii, .hrnet, .release: name = "\(number.leftPadded(6, "0")).jpg"
    }
    try JPEGEncoder.write(image, to: "\(folder)/\(photographs(part))/\(name)", quality: quality)
    people.append(Person(part: part, photograph: name, annotation: annotation))
  }

  /// Writes the annotations.
  public func finish() throws(FileSystemError) {
    switch form {
    case .keypoints: try write(.object(keypoints()), "annotations.json")
    case .mpii: try write(.array(people.map(hourglass)), "mpii_annotations.json")
    case .hrnet:
      for part in PhotographFiles.Part.allCases {
        try write(.array(people.filter { $0.part == part }.map(hrnet)), "annot/\(part.rawValue).json")
      }
    case .release:
      try MatFile.write(release(), variable: MPIIRelease.variable, to: "\(folder)/\(MPIIRelease.fileName)")
    case .coco:
      for part in PhotographFiles.Part.allCases {
        let year = part == .train ? "train2017" : "val2017"
        try write(.object(coco(part)), "annotations/person_keypoints_\(year).json")
      }
    case .lsp, .lspet:
      try MatFile.write(sportsPose(), variable: "joints", to: "\(folder)/joints.mat")
    }
  }

  private func write(_ value: JSONValue, _ name: String) throws(FileSystemError) {
    try FileSystem.write(value.text + "\n", to: "\(folder)/\(name)")
  }

  private static func list(_ numbers: Double...) -> JSONValue { .array(numbers.map { JSONValue($0) }) }

  /// 0 not labelled, 1 hidden, 2 visible.
  private static func flag(_ joint: PoseAnnotation.Joint) -> Int {
    joint.isLabelled ? (joint.isVisible ? 2 : 1) : 0
  }

  private func keypoints() -> JSONObject {
    var file: JSONObject = ["skeleton": .object(skeleton.json)]
    file.append(
      "samples",
      .array(
        people.map { person in
          let joints = person.annotation.joints.map { joint in
            JSONValue.array([JSONValue(joint.x), JSONValue(joint.y), JSONValue(Self.flag(joint))])
          }
          return .object([
            "image": .string("\(person.part.rawValue)/\(person.photograph)"), "joints": .array(joints),
            "center": Self.list(person.annotation.centerX, person.annotation.centerY),
            "side": JSONValue(person.annotation.side),
          ])
        }))
    for part in PhotographFiles.Part.allCases {
      file.append(
        part.rawValue, .array(people.indices.filter { people[$0].part == part }.map { JSONValue($0) }))
    }
    return file
  }

  /// Centre and scale as MPII gives them, from which its square is made again.
  private func placed(_ annotation: PoseAnnotation) -> (x: Double, y: Double, scale: Double) {
    let scale = annotation.side / 250
    return (annotation.centerX + 1, annotation.centerY + 1 - 15 * scale, scale)
  }

  private func hourglass(_ person: Person) -> JSONValue {
    let joints = Skeleton.mpii.joints(person.annotation.joints, from: skeleton)
    let place = placed(person.annotation)
    return .object([
      "dataset": .string("MPI"), "isValidation": JSONValue(person.part == .valid ? 1.0 : 0.0),
      "img_paths": .string(person.photograph), "objpos": Self.list(place.x, place.y),
      "scale_provided": JSONValue(place.scale),
      "joint_self": .array(
        joints.map { joint in
          joint.isLabelled
            ? Self.list(joint.x + 1, joint.y + 1, joint.isVisible ? 1 : 0) : Self.list(0, 0, 0)
        }), "joint_others": .array([]),
    ])
  }

  private func hrnet(_ person: Person) -> JSONValue {
    let joints = Skeleton.mpii.joints(person.annotation.joints, from: skeleton)
    let place = placed(person.annotation)
    return .object([
      "image": .string(person.photograph), "center": Self.list(place.x, place.y), "scale": JSONValue(place.scale),
      "joints": .array(joints.map { $0.isLabelled ? Self.list($0.x + 1, $0.y + 1) : Self.list(-1, -1) }),
      "joints_vis": .array(joints.map { JSONValue($0.isLabelled ? 1 : 0) }),
    ])
  }

  private func release() -> MatValue {
    func number(_ value: Double) -> MatValue { .numbers([value]) }
    func structs(_ fields: [String], _ rows: [[MatValue]]) -> MatValue {
      .structs(.init(fields: fields, values: rows.flatMap { $0 }))
    }
    let images = people.map { person in
      let place = placed(person.annotation)
      let joints = Skeleton.mpii.joints(person.annotation.joints, from: skeleton)
      let points = joints.indices.filter { joints[$0].isLabelled }.map { joint in
        [
          number(joints[joint].x + 1), number(joints[joint].y + 1), number(Double(joint)),
          number(joints[joint].isVisible ? 1 : 0),
        ]
      }
      let rectangle = [
        structs(["point"], [[structs(["x", "y", "id", "is_visible"], points)]]), number(place.scale),
        structs(["x", "y"], [[number(place.x), number(place.y)]]),
      ]
      return [
        structs(["name"], [[.text(person.photograph)]]), structs(["annopoints", "scale", "objpos"], [rectangle]),
      ]
    }
    return structs(
      ["annolist", "img_train", "version", "single_person"],
      [
        [
          structs(["image", "annorect"], images), .numbers(people.map { _ in 1 }), .text("12"),
          .cells(people.map { _ in number(1) }),
        ]
      ])
  }

  private func coco(_ part: PhotographFiles.Part) -> JSONObject {
    var (images, annotations): ([JSONValue], [JSONValue]) = ([], [])
    for (index, person) in people.enumerated() where person.part == part {
      let joints = Skeleton.coco.joints(person.annotation.joints, from: skeleton)
      let side = person.annotation.side / COCOFormat.boxScale
      let left = person.annotation.centerX - (side - 1) / 2
      let top = person.annotation.centerY - (side - 1) / 2
      images.append(.object(["id": JSONValue(index + 1), "file_name": .string(person.photograph)]))
      annotations.append(
        .object([
          "id": JSONValue(index + 1), "image_id": JSONValue(index + 1), "category_id": JSONValue(1),
          "iscrowd": JSONValue(0), "bbox": Self.list(left, top, side, side), "area": JSONValue(side * side),
          "num_keypoints": JSONValue(joints.count { $0.isLabelled }),
          "keypoints": .array(joints.flatMap { [JSONValue($0.x), JSONValue($0.y), JSONValue(Self.flag($0))] }),
        ]))
    }
    return [
      "images": .array(images), "annotations": .array(annotations),
      "categories": .array([
        .object([
          "id": JSONValue(1), "name": .string("person"),
          "keypoints": .array(
            Skeleton.coco.jointNames.map { .string($0.replacingOccurrences(of: " ", with: "_")) }),
        ])
      ]),
    ]
  }

  /// Leeds Sports Pose's tables, whose first index runs fastest. LSP labels every joint.
  private func sportsPose() -> MatFile.Array {
    var values: [Double] = []
    for person in people {
      let joints = Skeleton.lsp.joints(person.annotation.joints, from: skeleton)
      if form == .lsp {
        for joint in joints { values += [joint.x + 1, joint.y + 1, joint.isVisible ? 0 : 1] }
      } else {
        values += joints.map { $0.x + 1 } + joints.map { $0.y + 1 } + joints.map { $0.isLabelled ? 1 : 0 }
      }
    }
    return MatFile.Array(extents: form == .lsp ? [3, 14, people.count] : [14, 3, people.count], values: values)
  }
}
