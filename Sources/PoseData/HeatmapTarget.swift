import Tensors

#if canImport(Glibc)
  import Glibc
#endif

/// Draws the heatmaps C that a network learns to produce.
///
/// Around a joint at p, to a fraction of a pixel, the map is
///
///     C(q) = exp(−‖q − p‖² / 2σ²)   within 3σ of p and where that is at least `cut`, and 0 elsewhere
///
/// so its peak is 1 between pixels as well. The authors' own σ = 1.75 with a cut of 0.23 is a disc of radius 3 pixels.
public struct HeatmapTarget: Sendable {
  /// σ in pixels of the heatmap.
  public let sigma: Double
  public let cut: Double

  public init(sigma: Double, cut: Double = 0) {
    precondition(sigma > 0 && sigma.isFinite && cut >= 0 && cut < 1, "heatmaps of sigma \(sigma) cut at \(cut)")
    self.sigma = sigma
    self.cut = cut
  }

  /// Writes one sample's maps (1×r×r×M) and mask (1×1×1×M).
  ///
  /// A joint that is not labelled, or lies outside the map, has a map of zeros and mask 0; every other has mask 1.
  ///
  /// - Parameter joints: what each of the M maps shows, in pixels of the photograph.
  public func draw(
    _ joints: [PoseAnnotation.Joint], _ transform: CropTransform, heatmaps: Tensor, mask: Tensor
  ) {
    let side = transform.heatmapResolution
    precondition(heatmaps.shape == Shape(n: 1, h: side, w: side, c: joints.count), "heatmaps of \(heatmaps.shape)")
    precondition(mask.shape == .channels(joints.count), "a mask of \(mask.shape)")
    heatmaps.values.update(repeating: 0)
    mask.values.update(repeating: 0)
    let edge = Double(side) - 0.5
    for (channel, joint) in joints.enumerated() where joint.isLabelled {
      let (x, y) = transform.heatmap(x: joint.x, y: joint.y)
      guard x >= -0.5, y >= -0.5, x < edge, y < edge else { continue }
      mask.pointer[channel] = 1
      draw(x, y, side, heatmaps, channel)
    }
  }

  private func draw(_ x: Double, _ y: Double, _ side: Int, _ heatmaps: Tensor, _ channel: Int) {
    let radius = 3 * sigma
    func span(_ center: Double) -> ClosedRange<Int> {
      let lower = min(Double(side - 1), max(0, (center - radius).rounded(.up)))
      let upper = min(Double(side - 1), (center + radius).rounded(.down))
      return Int(lower)...Int(max(lower, upper))
    }
    for row in span(y) {
      for column in span(x) {
        let (dx, dy) = (Double(column) - x, Double(row) - y)
        let square = dx * dx + dy * dy
        guard square <= radius * radius else { continue }
        let value = exp(-square / (2 * sigma * sigma))
        guard value >= cut else { continue }
        heatmaps.pointer[(row * side + column) * heatmaps.shape.c + channel] = Real(value)
      }
    }
  }
}
