import PoseData
import Tensors

/// How often a sample is looked at when it is judged: the maps of all looks are averaged.
public struct TestTime: Sendable, Equatable {
  /// Each look a second time, mirrored.
  public var flips = false
  /// Factors on the square's side.
  public var scales = [1.0]

  public init(flips: Bool = false, scales: [Double] = [1]) {
    self.flips = flips
    self.scales = scales
  }

  var isOneLook: Bool { !flips && scales == [1] }
  var looks: Int { scales.count * (flips ? 2 : 1) }
}

/// The mean of several looks' heatmaps, on the grid of the one at scale 1.
final class AveragedHeatmaps {
  let mean: Tensor
  private let memory: Buffer<Real>
  private let mirrored: [Int]
  private let weight: Real

  /// - Parameter shape: N×r×r×M of one look.
  init(_ shape: Shape, _ skeleton: Skeleton, looks: Int) {
    memory = Buffer(count: shape.count)
    mean = Tensor(memory.pointer, shape)
    mirrored = skeleton.mirrored
    weight = 1 / Real(looks)
  }

  func begin() { mean.values.update(repeating: 0) }

  /// Adds a look's maps: of a square `scale` times as large, mirrored or not.
  func add(_ maps: Tensor, scale: Double, isFlipped: Bool) {
    let shape = mean.shape
    precondition(maps.shape == shape, "maps of \(maps.shape), not \(shape)")
    let (side, joints) = (shape.w, shape.c)
    // The same point lies nearer the middle of a larger square.
    let middle = Double(side - 1) / 2
    let places = (0..<side).map { (Double($0) - middle) / scale + middle }
    for image in 0..<shape.n {
      let (source, target) = (maps.image(image).pointer, mean.image(image).pointer)
      for row in 0..<side {
        for column in 0..<side {
          let x = places[isFlipped ? side - 1 - column : column]
          let pixel = target + (row * side + column) * joints
          for (start, share) in Self.neighbours(x, places[row], side) {
            let values = source + start * joints
            for joint in 0..<joints {
              pixel[joint] += weight * Real(share) * values[isFlipped ? mirrored[joint] : joint]
            }
          }
        }
      }
    }
  }

  /// The grid's points about (x, y) and their shares in it; those beyond the map's edge are left out.
  private static func neighbours(_ x: Double, _ y: Double, _ side: Int) -> [(start: Int, share: Double)] {
    let (left, top) = (x.rounded(.down), y.rounded(.down))
    let (right, lower) = (x - left, y - top)
    var found: [(start: Int, share: Double)] = []
    for (row, down) in [(Int(top), 1 - lower), (Int(top) + 1, lower)] where down > 0 && (0..<side).contains(row) {
      for (column, across) in [(Int(left), 1 - right), (Int(left) + 1, right)]
      where across > 0 && (0..<side).contains(column) {
        found.append((row * side + column, down * across))
      }
    }
    return found
  }
}
