#if canImport(Glibc)
  import Glibc
#endif

/// Leeds Sports Pose Extended (Johnson and Everingham, "Learning effective human pose estimation from inaccurate
/// annotation", CVPR 2011): `data.kind: lspet`.
///
/// The folder holds `joints.mat`, whose `joints` is 14×3×N (x and y in pixels from 1, and 1 where labelled), and
/// `images/im00001.jpg` and so on. The labels do not say what is hidden, so every labelled joint counts as visible.
public struct LSPETDataset: PoseDataset {
  /// The crop's side over the larger side of the joints' bounding box.
  public static let boxScale = 1.5

  public let skeleton = Skeleton.lsp
  public let count: Int
  private let path: String
  private let range: ClosedRange<Int>
  /// The joints of the images of `range`, 14 for each.
  private let joints: [PoseAnnotation.Joint]

  /// Reads the joints and checks that every image of the range is there.
  ///
  /// - Parameters:
  ///   - path: the data set's folder.
  ///   - range: numbers of the images to keep, from 1.
  public init(path: String, range: ClosedRange<Int>) throws(DataError) {
    let file = path + "/joints.mat"
    let array = try MatFile.read(file, variable: "joints")
    guard array.extents.count == 3, array.extents[0] == 14, array.extents[1] == 3 else {
      throw DataError(
        file, "joints is \(array.extents.map(String.init).joined(separator: "×")), not 14×3×N")
    }
    guard range.lowerBound >= 1, range.upperBound <= array.extents[2] else {
      throw DataError(
        file, "holds joints of images 1-\(array.extents[2]), but \(range.lowerBound)-\(range.upperBound) are asked for")
    }
    self.path = path
    self.range = range
    count = range.count
    joints = try Self.joints(array, range, file)
    for index in 0..<count where access(imagePath(index), R_OK) != 0 {
      throw DataError(imagePath(index), String(cString: strerror(errno)))
    }
  }

  private static func joints(
    _ array: MatFile.Array, _ range: ClosedRange<Int>, _ file: String
  ) throws(DataError) -> [PoseAnnotation.Joint] {
    var joints: [PoseAnnotation.Joint] = []
    joints.reserveCapacity(range.count * 14)
    for number in range {
      for joint in 0..<14 {
        let start = (number - 1) * 42 + joint
        let (x, y, flag) = (array.values[start], array.values[start + 14], array.values[start + 28])
        guard flag == 0 || flag == 1 else {
          throw DataError(file, "image \(number), \(Skeleton.lsp.jointNames[joint]): flag \(flag), not 0 or 1")
        }
        guard flag == 0 || (abs(x) <= 1e6 && abs(y) <= 1e6) else {
          throw DataError(file, "image \(number), \(Skeleton.lsp.jointNames[joint]): labelled at (\(x), \(y))")
        }
        // What stands in an unlabelled joint's place is no position at all.
        joints.append(
          flag == 1
            ? .init(x: x - 1, y: y - 1, isLabelled: true, isVisible: true)
            : .init(x: 0, y: 0, isLabelled: false, isVisible: false))
      }
    }
    return joints
  }

  public func name(of index: Int) -> String {
    let digits = String(range.lowerBound + index)
    return "im" + String(repeating: "0", count: max(0, 5 - digits.count)) + digits + ".jpg"
  }

  private func imagePath(_ index: Int) -> String { "\(path)/images/\(name(of: index))" }

  /// The joints, and the square of 1.5 times the larger side of their bounding box about its centre.
  ///
  /// Where fewer than two different points are labelled there is no such box, and the square is the image's own.
  public func annotation(_ index: Int) throws(DataError) -> PoseAnnotation {
    precondition((0..<count).contains(index), "sample \(index) of \(count)")
    let joints = Array(self.joints[index * 14..<(index + 1) * 14])
    if let box = PoseAnnotation.square(around: joints, scale: Self.boxScale) {
      return PoseAnnotation(joints: joints, centerX: box.centerX, centerY: box.centerY, side: box.side)
    }
    let size = try JPEGDecoder.size(file: imagePath(index))
    return PoseAnnotation(
      joints: joints, centerX: Double(size.width - 1) / 2, centerY: Double(size.height - 1) / 2,
      side: Double(max(size.width, size.height)))
  }

  public func image(_ index: Int) throws(DataError) -> RGBImage {
    precondition((0..<count).contains(index), "sample \(index) of \(count)")
    return try JPEGDecoder.decode(file: imagePath(index))
  }
}
