extension PoseAnnotation {
  /// The square about the labelled joints' bounding box, `scale` times its larger side; none where that side is zero.
  public static func square(
    around joints: [Joint], scale: Double
  ) -> (centerX: Double, centerY: Double, side: Double)? {
    var (left, right, top, bottom) = (Double.infinity, -Double.infinity, Double.infinity, -Double.infinity)
    for joint in joints where joint.isLabelled {
      left = min(left, joint.x)
      right = max(right, joint.x)
      top = min(top, joint.y)
      bottom = max(bottom, joint.y)
    }
    let side = max(right - left, bottom - top) * scale
    guard side > 0 else { return nil }
    return ((left + right) / 2, (top + bottom) / 2, side)
  }
}
