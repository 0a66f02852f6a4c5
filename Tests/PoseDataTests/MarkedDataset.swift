import PoseData
import Synchronization

/// People made of coloured squares, one colour a joint, on a dark ground; some samples are broken.
final class MarkedDataset: PoseDataset {
  static let colors: [SIMD3<Double>] = (0..<14).map { (joint: Int) -> SIMD3<Double> in
    let (red, green, blue) = (joint % 3, joint / 3 % 3, joint / 9 + 1)
    return SIMD3(Double(red), Double(green), Double(blue)) * 100
  }

  let skeleton = Skeleton.lsp
  let count: Int
  let broken: Set<Int>
  /// Photographs asked for so far.
  let decoded = Mutex(0)

  init(count: Int, broken: Set<Int> = []) {
    self.count = count
    self.broken = broken
  }

  func name(of index: Int) -> String { "marked \(index)" }

  func annotation(_ index: Int) throws(DataError) -> PoseAnnotation {
    let joints = (0..<14).map { joint in
      PoseAnnotation.Joint(
        x: Double(20 + joint % 4 * 20 + index % 5), y: Double(20 + joint / 4 * 20 - index % 7),
        isLabelled: joint != index % 14, isVisible: true)
    }
    return PoseAnnotation(joints: joints, centerX: 50, centerY: 50, side: 100)
  }

  func image(_ index: Int) throws(DataError) -> RGBImage {
    decoded.withLock { $0 += 1 }
    guard !broken.contains(index) else { throw DataError(name(of: index), "is broken") }
    var image = RGBImage(width: 100, height: 96, color: .black)
    for (joint, place) in try annotation(index).joints.enumerated() {
      for y in Int(place.y) - 5...Int(place.y) + 5 {
        for x in Int(place.x) - 5...Int(place.x) + 5 {
          for channel in 0..<3 {
            image.bytes[(y * 100 + x) * 3 + channel] = UInt8(Self.colors[joint][channel])
          }
        }
      }
    }
    return image
  }
}
