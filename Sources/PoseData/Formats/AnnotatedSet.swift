/// What a file of annotations holds.
struct AnnotatedSet {
  var skeleton: Skeleton
  var people: [LabelledPerson]
  /// People who are no samples.
  var bystanders: [LabelledPerson] = []
  /// The photographs by their numbers, where the file numbers them.
  var photographs: [Int: String] = [:]
  /// For each part that the file itself tells, the indices of its people.
  var members: [PhotographFiles.Part: [Int]] = [:]
  /// Whether the file is of one part alone, which its name tells.
  var isOfOnePart = false
}

extension AnnotatedSet {
  /// A joint of a file, whose place is in the file's pixels, `origin` being what it calls the first one.
  ///
  /// - Parameter place: what to call the joint in an error, such as `[17].joint_self, left knee`.
  static func joint(
    x: Double, y: Double, isLabelled: Bool, isVisible: Bool, origin: Double, _ file: String,
    _ place: @autoclosure () -> String
  ) throws(DataError) -> PoseAnnotation.Joint {
    // What stands in an unlabelled joint's place is no position at all.
    guard isLabelled else { return .init(x: 0, y: 0, isLabelled: false, isVisible: false) }
    guard abs(x) <= 1e6, abs(y) <= 1e6 else { throw DataError(file, "\(place()): labelled at (\(x), \(y))") }
    return .init(x: x - origin, y: y - origin, isLabelled: true, isVisible: isVisible)
  }

  /// Whether a photograph's name leads nowhere but into the folder of photographs.
  static func isPlain(_ name: String) -> Bool {
    !name.isEmpty && !name.hasPrefix("/") && !name.utf8.contains(0) && !name.split(separator: "/").contains("..")
  }
}
