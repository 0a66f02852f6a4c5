/// COCO's person keypoints (Lin et al., "Microsoft COCO: common objects in context", ECCV 2014): `data.kind: coco`.
///
/// `annotations` have image_id, bbox (left, top, width, height), keypoints (17 times x, y and 0 not labelled, 1 hidden,
/// 2 visible) and iscrowd; pixels count from 0. Crowds, and people with no labelled joint, are bystanders. A person's
/// square has the box's centre and 1.25 times its larger side. Which part a file is of stands in its name.
public enum COCOFormat {
  private struct File: Decodable {
    struct Image: Decodable {
      let id: Int
      let fileName: String

      enum CodingKeys: String, CodingKey {
        case id
        case fileName = "file_name"
      }
    }

    struct Annotation: Decodable {
      let id: Int
      let imageID: Int
      let bbox: [Double]
      let area: Double?
      let keypoints: [Double]
      let isCrowd: Int?

      enum CodingKeys: String, CodingKey {
        case id, bbox, area, keypoints
        case imageID = "image_id"
        case isCrowd = "iscrowd"
      }
    }

    let images: [Image]
    let annotations: [Annotation]
  }

  /// The square's side over the larger side of a box.
  public static let boxScale = 1.25

  static func read(_ file: String, photographs: String) throws(DataError) -> AnnotatedSet {
    let content = try JSONAnnotations.read(file, as: File.self)
    var set = AnnotatedSet(skeleton: .coco, people: [], isOfOnePart: true)
    var names: [Int: String] = [:]
    for (index, image) in content.images.enumerated() {
      guard AnnotatedSet.isPlain(image.fileName) else {
        throw DataError(
          file, "images[\(index)]: \"\(image.fileName.prefix(200))\" does not stay in the photographs' folder")
      }
      guard names.updateValue(image.fileName, forKey: image.id) == nil else {
        throw DataError(file, "images[\(index)]: another image has the id \(image.id) too")
      }
      set.photographs[image.id] = "\(photographs)/\(image.fileName)"
    }
    for (index, person) in content.annotations.enumerated() {
      let place = "annotations[\(index)]"
      guard person.keypoints.count == 51 else {
        throw DataError(file, "\(place).keypoints has \(person.keypoints.count) numbers, not 51")
      }
      let joints = try joints(person.keypoints, file, place)
      guard let name = names[person.imageID] else {
        throw DataError(file, "\(place): there is no image \(person.imageID)")
      }
      guard let square = PoseAnnotation.Square(box: person.bbox, scale: boxScale) else {
        throw DataError(file, "\(place).bbox is \(person.bbox), not a box")
      }
      var labelled = LabelledPerson(
        photograph: "\(photographs)/\(name)", name: "\(name) [\(person.id)]", joints: joints, square: square)
      labelled.details.area = person.area
      labelled.details.box = person.bbox
      labelled.details.imageID = person.imageID
      labelled.details.isCrowd = person.isCrowd ?? 0 != 0
      if labelled.details.isCrowd || !joints.contains(where: \.isLabelled) {
        set.bystanders.append(labelled)
      } else {
        set.people.append(labelled)
      }
    }
    return set
  }

  private static func joints(
    _ numbers: [Double], _ file: String, _ place: String
  ) throws(DataError) -> [PoseAnnotation.Joint] {
    var joints: [PoseAnnotation.Joint] = []
    for (joint, name) in Skeleton.coco.jointNames.enumerated() {
      let flag = numbers[3 * joint + 2]
      guard flag == 0 || flag == 1 || flag == 2 else {
        throw DataError(file, "\(place).keypoints, \(name): flag \(flag), not 0, 1 or 2")
      }
      joints.append(
        try AnnotatedSet.joint(
          x: numbers[3 * joint], y: numbers[3 * joint + 1], isLabelled: flag > 0, isVisible: flag == 2, origin: 0, file,
          "\(place).keypoints, \(name)"))
    }
    return joints
  }
}
