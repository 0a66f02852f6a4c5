/// MPII Human Pose (Andriluka et al., "2D human pose estimation: new benchmark and state of the art analysis", CVPR
/// 2014): `data.kind: mpii`, in the two JSON forms that are about; `MPIIRelease` reads what its makers release.
///
/// * That of the stacked hourglass's code: an entry a person with img_paths, objpos, scale_provided, joint_self (16×3:
///   x, y, flag) and isValidation. All numbers may be floats. A joint with a coordinate of 0 or less is not labelled,
///   whatever its flag; flag 0 means hidden, or not labelled. `joint_others` is not needed: every person has an entry.
/// * That of HRNet's code: an entry a person with image, center, scale, joints (16×2) and joints_vis, 0 where not
///   labelled. Which part a file is of stands in its name alone.
///
/// Pixels count from 1. The square is the one that all use: its centre 15 · scale below the given one, its side 1.25 ·
/// scale · 200 pixels.
enum MPIIFormat {
  private enum Entry: Decodable {
    case hourglass(Hourglass)
    case hrnet(HRNet)

    private enum Keys: String, CodingKey { case jointSelf = "joint_self" }

    init(from decoder: any Decoder) throws {
      let isHourglass = try decoder.container(keyedBy: Keys.self).contains(.jointSelf)
      self = isHourglass ? .hourglass(try Hourglass(from: decoder)) : .hrnet(try HRNet(from: decoder))
    }
  }

  private struct Hourglass: Decodable {
    let photograph: String
    let isValidation: Double
    let center: [Double]
    let scale: Double
    let joints: [[Double]]

    enum CodingKeys: String, CodingKey {
      case isValidation
      case photograph = "img_paths"
      case center = "objpos"
      case scale = "scale_provided"
      case joints = "joint_self"
    }
  }

  private struct HRNet: Decodable {
    let photograph: String
    let center: [Double]
    let scale: Double
    /// The test set has none.
    let joints: [[Double]]?
    let flags: [Double]?

    enum CodingKeys: String, CodingKey {
      case center, scale, joints
      case photograph = "image"
      case flags = "joints_vis"
    }
  }

  static func read(_ file: String, photographs: String) throws(DataError) -> AnnotatedSet {
    let entries = try JSONAnnotations.read(file, as: [Entry].self)
    var set = AnnotatedSet(skeleton: .mpii, people: [])
    for (index, entry) in entries.enumerated() {
      let photograph: String
      switch entry {
      case .hourglass(let entry):
        photograph = entry.photograph
        set.members[entry.isValidation == 0 ? .train : .valid, default: []].append(index)
        set.people.append(
          LabelledPerson(
            photograph: "\(photographs)/\(photograph)", name: "\(photograph) [\(index)]",
            joints: try joints(entry, file, index), square: try square(entry.center, entry.scale, file, "[\(index)]")))
      case .hrnet(let entry):
        photograph = entry.photograph
        set.isOfOnePart = true
        set.people.append(
          LabelledPerson(
            photograph: "\(photographs)/\(photograph)", name: "\(photograph) [\(index)]",
            joints: try joints(entry, file, index), square: try square(entry.center, entry.scale, file, "[\(index)]")))
      }
      guard AnnotatedSet.isPlain(photograph) else {
        throw DataError(file, "[\(index)]: \"\(photograph.prefix(200))\" does not stay in the photographs' folder")
      }
    }
    return set
  }

  /// The square of a person; `place` is what an error calls it.
  static func square(
    _ center: [Double], _ scale: Double, _ file: String, _ place: String
  ) throws(DataError) -> PoseAnnotation.Square {
    guard center.count == 2, center.allSatisfy({ abs($0) <= 1e6 }), scale > 0, scale <= 1e4 else {
      throw DataError(file, "\(place): a person of scale \(scale) at \(center)")
    }
    return .init(centerX: center[0] - 1, centerY: center[1] - 1 + 15 * scale, side: 1.25 * scale * 200)
  }

  private static func joints(
    _ entry: Hourglass, _ file: String, _ index: Int
  ) throws(DataError) -> [PoseAnnotation.Joint] {
    guard entry.joints.count == 16, entry.joints.allSatisfy({ $0.count == 3 }) else {
      throw DataError(file, "[\(index)].joint_self is not 16×3")
    }
    var joints: [PoseAnnotation.Joint] = []
    for (joint, name) in zip(entry.joints, Skeleton.mpii.jointNames) {
      joints.append(
        try AnnotatedSet.joint(
          x: joint[0], y: joint[1], isLabelled: joint[0] > 0 && joint[1] > 0, isVisible: joint[2] != 0, origin: 1, file,
          "[\(index)].joint_self, \(name)"))
    }
    return joints
  }

  private static func joints(_ entry: HRNet, _ file: String, _ index: Int) throws(DataError) -> [PoseAnnotation.Joint] {
    guard let places = entry.joints else {
      return Array(repeating: .init(x: 0, y: 0, isLabelled: false, isVisible: false), count: 16)
    }
    guard places.count == 16, places.allSatisfy({ $0.count == 2 }) else {
      throw DataError(file, "[\(index)].joints is not 16×2")
    }
    guard let flags = entry.flags, flags.count == 16 else {
      throw DataError(file, "[\(index)].joints_vis does not have 16 numbers")
    }
    var joints: [PoseAnnotation.Joint] = []
    for (joint, name) in Skeleton.mpii.jointNames.enumerated() {
      joints.append(
        try AnnotatedSet.joint(
          x: places[joint][0], y: places[joint][1], isLabelled: flags[joint] > 0, isVisible: true, origin: 1, file,
          "[\(index)].joints, \(name)"))
    }
    return joints
  }
}
