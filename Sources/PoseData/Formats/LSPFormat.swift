/// Leeds Sports Pose (Johnson and Everingham, "Clustered pose and nonlinear appearance models for human pose
/// estimation", BMVC 2010): `data.kind: lsp`.
///
/// `joints.mat` holds `joints`, 3×14×N: x and y in pixels from 1, and 1 where hidden, else 0; the photographs are
/// `images/im0001.jpg` and so on. Of its 2,000 people the first half are for training. Squares are as `LSPETFormat` has
/// them.
enum LSPFormat {
  static func read(_ file: String, photographs: String) throws(DataError) -> AnnotatedSet {
    let array = try MatFile.read(file, variable: "joints")
    guard array.extents.count == 3, array.extents[0] == 3, array.extents[1] == 14 else {
      throw DataError(file, "joints is \(array.extents.map(String.init).joined(separator: "×")), not 3×14×N")
    }
    var people: [LabelledPerson] = []
    for number in 1..<1 + array.extents[2] {
      var joints: [PoseAnnotation.Joint] = []
      for (joint, name) in Skeleton.lsp.jointNames.enumerated() {
        let start = (number - 1) * 42 + joint * 3
        let flag = array.values[start + 2]
        guard flag == 0 || flag == 1 else {
          throw DataError(file, "image \(number), \(name): flag \(flag), not 0 or 1")
        }
        joints.append(
          try AnnotatedSet.joint(
            x: array.values[start], y: array.values[start + 1], isLabelled: true, isVisible: flag == 0, origin: 1,
            file, "image \(number), \(name)"))
      }
      people.append(person(photographs, number, digits: 4, joints))
    }
    let half = people.count / 2
    return AnnotatedSet(
      skeleton: .lsp, people: people, members: [.train: Array(0..<half), .valid: Array(half..<people.count)])
  }

  /// The person of a photograph that is called by its number.
  static func person(
    _ folder: String, _ number: Int, digits: Int, _ joints: [PoseAnnotation.Joint]
  ) -> LabelledPerson {
    let name = "im\(String(number).leftPadded(digits, "0")).jpg"
    return LabelledPerson(
      photograph: "\(folder)/\(name)", name: name, joints: joints,
      square: PoseAnnotation.Square(around: joints, scale: LSPETFormat.boxScale))
  }
}
