import Tensors

/// Reads joints' positions off heatmaps.
///
/// A joint is at the largest value, moved a quarter of a pixel towards the larger neighbour in each direction, as in
/// the stacked hourglass's evaluation (Newell, Yang, Deng, ECCV 2016): the maps are too coarse for whole pixels. At the
/// map's border, where a neighbour is missing, it is not moved.
public enum JointDecoder {
  /// Where a joint is taken to be, and the value of its map there.
  public struct Position: Sendable, Equatable {
    public var x: Double
    public var y: Double
    public var score: Double

    public init(x: Double, y: Double, score: Double) {
      self.x = x
      self.y = y
      self.score = score
    }
  }

  /// Positions on the maps (1×h×w×M), one for each of the M; the first in reading order where values are equal.
  public static func positions(_ heatmaps: Tensor) -> [Position] {
    let shape = heatmaps.shape
    precondition(shape.n == 1 && shape.h > 0 && shape.w > 0, "heatmaps of \(shape)")
    return (0..<shape.c).map { channel in
      func value(_ x: Int, _ y: Int) -> Real { heatmaps.pointer[(y * shape.w + x) * shape.c + channel] }
      var peak = (x: 0, y: 0, value: -Real.infinity)
      for y in 0..<shape.h {
        for x in 0..<shape.w where value(x, y) > peak.value { peak = (x, y, value(x, y)) }
      }
      var position = Position(x: Double(peak.x), y: Double(peak.y), score: Double(peak.value))
      if peak.x > 0 && peak.x < shape.w - 1 {
        position.x += step(value(peak.x - 1, peak.y), value(peak.x + 1, peak.y))
      }
      if peak.y > 0 && peak.y < shape.h - 1 {
        position.y += step(value(peak.x, peak.y - 1), value(peak.x, peak.y + 1))
      }
      return position
    }
  }

  /// Positions in the photograph that the maps' input was cut from.
  ///
  /// Where `transform` mirrors, map j shows the joint that takes j's place in a mirrored picture.
  public static func positions(_ heatmaps: Tensor, _ transform: CropTransform) -> [Position] {
    precondition(
      heatmaps.shape.h == transform.heatmapResolution && heatmaps.shape.w == transform.heatmapResolution,
      "heatmaps of \(heatmaps.shape)")
    return positions(heatmaps).map { peak in
      let point = transform.image(heatmapX: peak.x, heatmapY: peak.y)
      return Position(x: point.x, y: point.y, score: peak.score)
    }
  }

  /// Positions as joints, to be drawn.
  public static func joints(_ positions: [Position]) -> [PoseAnnotation.Joint] {
    positions.map { .init(x: $0.x, y: $0.y, isLabelled: true, isVisible: true) }
  }

  private static func step(_ before: Real, _ after: Real) -> Double {
    after > before ? 0.25 : after < before ? -0.25 : 0
  }
}
