/// MPII Human Pose as its makers release it: a MATLAB file with one variable, RELEASE.
///
///     RELEASE.annolist(i).image.name
///                        .annorect(j).scale, .objpos.x, .y            the person's size, and where it is
///                                    .annopoints.point(k).x, .y, .id, .is_visible
///                                    .x1, .y1, .x2, .y2                the head's box
///            .img_train(i)                                           1 where labels are given
///
/// Samples are the people of training images that have a size, a place and a labelled joint, in the file's order. A point
/// without `is_visible`, as the head's are, counts as visible; the flag may be a number or text. Which of these people are
/// for validation the file does not say.
public enum MPIIRelease {
  public static let fileName = "mpii_human_pose_v1_u12_1.mat"
  public static let variable = "RELEASE"

  static func read(_ file: String, photographs: String) throws(DataError) -> AnnotatedSet {
    let release = try MatFile.readValue(file, variable: variable)
    guard let images = release["annolist"], case .numbers(let isTraining)? = release["img_train"],
      isTraining.count == images.count
    else { throw DataError(file, "\(variable) has no annolist with an img_train for each of its images") }
    var set = AnnotatedSet(skeleton: .mpii, people: [])
    for image in 0..<images.count where isTraining[image] == 1 {
      guard let people = images["annorect", image] else { continue }
      let place = "annolist(\(image + 1))"
      guard let name = images["image", image]?["name"]?.string, AnnotatedSet.isPlain(name) else {
        throw DataError(file, "\(place).image.name leads to no file in the photographs' folder")
      }
      for person in 0..<people.count {
        let place = "\(place).annorect(\(person + 1))"
        guard let scale = people["scale", person]?.number, let center = people["objpos", person],
          let points = people["annopoints", person]?["point"]
        else { continue }
        let square = try MPIIFormat.square(
          [center["x"]?.number, center["y"]?.number].map { $0 ?? .nan }, scale, file, place)
        var labelled = LabelledPerson(
          photograph: "\(photographs)/\(name)", name: "\(name) [\(place)]",
          joints: try joints(points, file, place), square: square)
        labelled.details.headSize = headSize(people, person)
        set.people.append(labelled)
      }
    }
    set.members[.train] = Array(set.people.indices)
    return set
  }

  private static func joints(
    _ points: MatValue, _ file: String, _ place: String
  ) throws(DataError) -> [PoseAnnotation.Joint] {
    let names = Skeleton.mpii.jointNames
    var joints = Array(
      repeating: PoseAnnotation.Joint(x: 0, y: 0, isLabelled: false, isVisible: false), count: names.count)
    for point in 0..<points.count {
      let place = "\(place).annopoints.point(\(point + 1))"
      guard let number = points["id", point]?.number, let joint = Int(exactly: number), joints.indices.contains(joint)
      else { throw DataError(file, "\(place).id is not a joint from 0 to \(names.count - 1)") }
      let flag = points["is_visible", point]
      guard flag == nil || flag?.number == 0 || flag?.number == 1 else {
        throw DataError(file, "\(place).is_visible is not 0 or 1")
      }
      joints[joint] = try AnnotatedSet.joint(
        x: points["x", point]?.number ?? .nan, y: points["y", point]?.number ?? .nan, isLabelled: true,
        isVisible: flag?.number != 0, origin: 1, file, "\(place), \(names[joint])")
    }
    return joints
  }

  private static func headSize(_ people: MatValue, _ person: Int) -> Double? {
    let corners = ["x1", "y1", "x2", "y2"].compactMap { people[$0, person]?.number }
    guard corners.count == 4 else { return nil }
    let size = HeadBoxes.size(width: corners[2] - corners[0], height: corners[3] - corners[1])
    return size > 0 && size <= 1e6 ? size : nil
  }
}
