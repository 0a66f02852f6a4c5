/// A form of our own for anyone's data, described in docs/data.md: `data.kind: keypoints`.
enum KeypointsFormat {
  private struct File: Decodable {
    struct Sample: Decodable {
      let image: String
      let joints: [[Double]]
      let center: [Double]?
      let side: Double?
      let box: [Double]?
      let area: Double?
      let headSize: Double?

      enum CodingKeys: String, CodingKey {
        case image, joints, center, side, box, area
        case headSize = "head_size"
      }
    }

    let skeleton: Skeleton
    let samples: [Sample]
    let train: [Int]?
    let valid: [Int]?
  }

  /// The square's side over the larger side of a `box`, or of the joints' bounding box.
  static let boxScale = 1.25
  static let jointsScale = 1.5

  static func read(_ file: String, photographs: String) throws(DataError) -> AnnotatedSet {
    let content = try JSONAnnotations.read(file, as: File.self)
    if let problem = content.skeleton.problem { throw DataError(file, "skeleton: \(problem)") }
    var set = AnnotatedSet(skeleton: content.skeleton, people: [])
    for (part, members) in [(PhotographFiles.Part.train, content.train), (.valid, content.valid)] {
      guard let members else { continue }
      if let wrong = members.first(where: { !content.samples.indices.contains($0) }) {
        throw DataError(file, "\(part.rawValue): there is no sample \(wrong) among \(content.samples.count)")
      }
      set.members[part] = members
    }
    for (index, sample) in content.samples.enumerated() {
      let place = "samples[\(index)]"
      guard AnnotatedSet.isPlain(sample.image) else {
        throw DataError(file, "\(place): \"\(sample.image.prefix(200))\" does not stay in the photographs' folder")
      }
      let joints = try joints(sample.joints, content.skeleton, file, place)
      var person = LabelledPerson(
        photograph: "\(photographs)/\(sample.image)", name: "\(sample.image) [\(index)]", joints: joints,
        square: try square(sample, joints, file, place))
      for (key, size) in [("area", sample.area), ("head_size", sample.headSize)] {
        guard let size, !(size > 0 && size <= 1e12) else { continue }
        throw DataError(file, "\(place).\(key) is \(size), not a size")
      }
      person.details.area = sample.area
      person.details.headSize = sample.headSize
      person.details.box = sample.box
      set.people.append(person)
    }
    return set
  }

  private static func joints(
    _ places: [[Double]], _ skeleton: Skeleton, _ file: String, _ place: String
  ) throws(DataError) -> [PoseAnnotation.Joint] {
    guard places.count == skeleton.jointCount, places.allSatisfy({ $0.count == 3 }) else {
      throw DataError(file, "\(place).joints is not \(skeleton.jointCount)×3")
    }
    var joints: [PoseAnnotation.Joint] = []
    for (joint, name) in zip(places, skeleton.jointNames) {
      guard [0, 1, 2].contains(joint[2]) else {
        throw DataError(file, "\(place).joints, \(name): flag \(joint[2]), not 0, 1 or 2")
      }
      joints.append(
        try AnnotatedSet.joint(
          x: joint[0], y: joint[1], isLabelled: joint[2] > 0, isVisible: joint[2] == 2, origin: 0, file,
          "\(place).joints, \(name)"))
    }
    return joints
  }

  private static func square(
    _ sample: File.Sample, _ joints: [PoseAnnotation.Joint], _ file: String, _ place: String
  ) throws(DataError) -> PoseAnnotation.Square? {
    if let box = sample.box {
      guard sample.center == nil, sample.side == nil else {
        throw DataError(file, "\(place) has both a box and a center or side")
      }
      guard let square = PoseAnnotation.Square(box: box, scale: boxScale) else {
        throw DataError(file, "\(place).box is \(box), not a box")
      }
      return square
    }
    guard sample.center != nil || sample.side != nil else {
      return PoseAnnotation.Square(around: joints, scale: jointsScale)
    }
    guard let center = sample.center, let side = sample.side, center.count == 2, center.allSatisfy({ abs($0) <= 1e6 }),
      side > 0, side <= 1e6
    else { throw DataError(file, "\(place): center and side do not make a square") }
    return PoseAnnotation.Square(centerX: center[0], centerY: center[1], side: side)
  }
}
