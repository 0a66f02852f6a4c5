import PoseData

/// A joint's heatmap in colours over the crop that it was made from.
enum HeatmapOverlay {
  /// Draws a map of r×r values, of which 1 is the brightest, over a darkened square picture.
  static func draw(_ map: [Double], over crop: RGBImage) -> RGBImage {
    var picture = crop
    let side = Int(Double(map.count).squareRoot().rounded())
    let ratio = Double(side) / Double(crop.width)
    for y in 0..<crop.height {
      for x in 0..<crop.width {
        let value = sampled(map, side, (Double(x) + 0.5) * ratio - 0.5, (Double(y) + 0.5) * ratio - 0.5)
        let heat = value.isNaN ? 0 : max(0, min(1, value))
        let start = (y * crop.width + x) * 3
        let color = [min(1, 3 * heat), max(0, min(1, 3 * heat - 1)), max(0, min(1, 3 * heat - 2))]
        let share = 0.25 + 0.75 * min(1, 1.5 * heat)
        for channel in 0..<3 {
          let below = Double(crop.bytes[start + channel]) * 0.6
          picture.bytes[start + channel] = UInt8((below * (1 - share) + 255 * color[channel] * share).rounded())
        }
      }
    }
    return picture
  }

  /// A value for a caption, to hundredths.
  static func rounded(_ value: Double) -> String {
    guard value < 100 else { return "over 100" }
    return value.fixed(2)
  }

  private static func sampled(_ map: [Double], _ side: Int, _ x: Double, _ y: Double) -> Double {
    let (left, top) = (x.rounded(.down), y.rounded(.down))
    func value(_ column: Double, _ row: Double) -> Double {
      map[Int(max(0, min(Double(side - 1), row))) * side + Int(max(0, min(Double(side - 1), column)))]
    }
    let (right, lower) = (x - left, y - top)
    return (value(left, top) * (1 - right) + value(left + 1, top) * right) * (1 - lower)
      + (value(left, top + 1) * (1 - right) + value(left + 1, top + 1) * right) * lower
  }
}
