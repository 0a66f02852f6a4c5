import PoseData

/// A person's heatmaps as a grid: each joint's over the crop, the brightest of all in full colour, with its peak.
public enum HeatmapSheet {
  private static let columns = 4
  private static let tile = 176
  private static let gap = 4
  private static let caption = 14

  public static func make(_ image: RGBImage, _ prediction: PosePredictor.Prediction, _ skeleton: Skeleton) -> RGBImage {
    let rows = (skeleton.jointCount + columns - 1) / columns
    let rowHeight = caption + tile + gap
    var sheet = RGBImage(width: columns * (tile + gap) + gap, height: rows * rowHeight + gap, color: .white)
    let crop = image.cropped(prediction.transform.resized(to: tile))
    let brightest = max(prediction.heatmaps.filter(\.isFinite).max().map { Double($0) } ?? 1, 1e-3)
    for (joint, name) in skeleton.jointNames.enumerated() {
      let (x, y) = (gap + joint % columns * (tile + gap), gap + joint / columns * rowHeight)
      let map = stride(from: joint, to: prediction.heatmaps.count, by: skeleton.jointCount).map {
        Double(prediction.heatmaps[$0]) / brightest
      }
      let peak = prediction.joints[joint].score
      sheet.drawText(
        "\(name)  \(peak.isFinite ? HeatmapOverlay.rounded(peak) : "not finite")", at: (x, y + 2), color: .black)
      sheet.paste(HeatmapOverlay.draw(map, over: crop), at: (x, y + caption))
    }
    return sheet
  }
}
