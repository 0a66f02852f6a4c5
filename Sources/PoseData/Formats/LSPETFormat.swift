/// Leeds Sports Pose Extended (Johnson and Everingham, "Learning effective human pose estimation from inaccurate
/// annotation", CVPR 2011): `data.kind: lspet`.
///
/// `joints.mat` holds `joints`, 14×3×N: x and y in pixels from 1, and 1 where labelled; the photographs are
/// `images/im00001.jpg` and so on. The labels do not say what is hidden, so every labelled joint counts as visible. A
/// person's square has 1.5 times the larger side of the joints' bounding box.
enum LSPETFormat {
  static let boxScale = 1.5

  static func read(_ file: String, photographs: String) throws(DataError) -> AnnotatedSet {
    let array = try MatFile.read(file, variable: "joints")
    guard array.extents.count == 3, array.extents[0] == 14, array.extents[1] == 3 else {
      throw DataError(file, "joints is \(array.extents.map(String.init).joined(separator: "×")), not 14×3×N")
    }
    var people: [LabelledPerson] = []
    for number in 1..<1 + array.extents[2] {
      var joints: [PoseAnnotation.Joint] = []
      for (joint, name) in Skeleton.lsp.jointNames.enumerated() {
        let start = (number - 1) * 42 + joint
        let flag = array.values[start + 28]
        guard flag == 0 || flag == 1 else {
          throw DataError(file, "image \(number), \(name): flag \(flag), not 0 or 1")
        }
        joints.append(
          try AnnotatedSet.joint(
            x: array.values[start], y: array.values[start + 14], isLabelled: flag == 1, isVisible: true, origin: 1,
            file, "image \(number), \(name)"))
      }
      people.append(LSPFormat.person(photographs, number, digits: 5, joints))
    }
    return AnnotatedSet(skeleton: .lsp, people: people)
  }
}
