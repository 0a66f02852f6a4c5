extension PoseAnnotation {
  /// What is cropped around a person: a centre and a side, in pixels.
  public struct Square: Sendable, Equatable {
    public var centerX: Double
    public var centerY: Double
    public var side: Double

    public init(centerX: Double, centerY: Double, side: Double) {
      self.centerX = centerX
      self.centerY = centerY
      self.side = side
    }

    /// The square about the labelled joints' bounding box, `scale` times its larger side; nil where that side is zero.
    public init?(around joints: [Joint], scale: Double) {
      var (left, right, top, bottom) = (Double.infinity, -Double.infinity, Double.infinity, -Double.infinity)
      for joint in joints where joint.isLabelled {
        left = min(left, joint.x)
        right = max(right, joint.x)
        top = min(top, joint.y)
        bottom = max(bottom, joint.y)
      }
      let side = max(right - left, bottom - top) * scale
      guard side > 0 else { return nil }
      self.init(centerX: (left + right) / 2, centerY: (top + bottom) / 2, side: side)
    }

    /// The square about a box (left, top, width, height), `scale` times its larger side; nil where that is no box.
    public init?(box: [Double], scale: Double) {
      guard box.count == 4, box.allSatisfy({ abs($0) <= 1e6 }), box[2] >= 0, box[3] >= 0, max(box[2], box[3]) > 0 else {
        return nil
      }
      self.init(
        centerX: box[0] + (box[2] - 1) / 2, centerY: box[1] + (box[3] - 1) / 2, side: max(box[2], box[3]) * scale)
    }
  }

  public var square: Square { Square(centerX: centerX, centerY: centerY, side: side) }

  public init(joints: [Joint], square: Square) {
    self.init(joints: joints, centerX: square.centerX, centerY: square.centerY, side: square.side)
  }
}
