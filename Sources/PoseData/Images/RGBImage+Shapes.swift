extension RGBImage {
  /// A colour, a byte a channel.
  public struct Color: Sendable, Equatable {
    public var red: UInt8
    public var green: UInt8
    public var blue: UInt8

    public init(_ red: UInt8, _ green: UInt8, _ blue: UInt8) {
      self.red = red
      self.green = green
      self.blue = blue
    }

    public static let black = Color(0, 0, 0)
    public static let white = Color(255, 255, 255)
  }

  /// A picture of one colour.
  public init(width: Int, height: Int, color: Color) {
    self.init(width: width, height: height, bytes: [UInt8](repeating: 0, count: width * height * 3))
    for pixel in 0..<width * height {
      bytes[pixel * 3] = color.red
      bytes[pixel * 3 + 1] = color.green
      bytes[pixel * 3 + 2] = color.blue
    }
  }

  /// Draws a line with round ends, its edges smoothed; a line from a point to itself is a disc.
  ///
  /// Coordinates are pixels, their centres at whole numbers. What lies outside the picture, or is not finite, is not
  /// drawn.
  ///
  /// - Parameter opacity: 0 leaves the picture as it is, 1 covers it.
  public mutating func drawLine(
    from start: (x: Double, y: Double), to end: (x: Double, y: Double), width: Double, color: Color,
    opacity: Double = 1
  ) {
    let radius = width / 2
    guard start.x.isFinite, start.y.isFinite, end.x.isFinite, end.y.isFinite,
      let columns = span(start.x, end.x, radius, self.width), let rows = span(start.y, end.y, radius, height)
    else { return }
    let (dx, dy) = (end.x - start.x, end.y - start.y)
    let square = dx * dx + dy * dy
    for row in rows {
      for column in columns {
        let (px, py) = (Double(column) - start.x, Double(row) - start.y)
        let along = square > 0 ? max(0, min(1, (px * dx + py * dy) / square)) : 0
        let (ex, ey) = (px - along * dx, py - along * dy)
        // The share of the pixel that is covered, taking the edge for straight.
        let coverage = max(0, min(1, radius + 0.5 - (ex * ex + ey * ey).squareRoot()))
        if coverage > 0 { blend(column, row, color, coverage * opacity) }
      }
    }
  }

  /// Draws a disc, its edge smoothed.
  public mutating func drawDisc(
    at center: (x: Double, y: Double), radius: Double, color: Color, opacity: Double = 1
  ) {
    drawLine(from: center, to: center, width: 2 * radius, color: color, opacity: opacity)
  }

  /// Draws a circle's line, its edges smoothed.
  public mutating func drawRing(at center: (x: Double, y: Double), radius: Double, width: Double, color: Color) {
    let outer = radius + width / 2
    guard center.x.isFinite, center.y.isFinite,
      let columns = span(center.x, center.x, outer, self.width), let rows = span(center.y, center.y, outer, height)
    else { return }
    for row in rows {
      for column in columns {
        let (dx, dy) = (Double(column) - center.x, Double(row) - center.y)
        let distance = abs((dx * dx + dy * dy).squareRoot() - radius)
        let coverage = max(0, min(1, width / 2 + 0.5 - distance))
        if coverage > 0 { blend(column, row, color, coverage) }
      }
    }
  }

  /// Lays another picture on this one, its upper left corner at `place`; all of it has to fit.
  public mutating func paste(_ picture: RGBImage, at place: (x: Int, y: Int)) {
    precondition(
      place.x >= 0 && place.y >= 0 && place.x + picture.width <= width && place.y + picture.height <= height,
      "a picture of \(picture.width)×\(picture.height) at (\(place.x), \(place.y)) of \(width)×\(height)")
    for row in 0..<picture.height {
      let start = ((place.y + row) * width + place.x) * 3
      bytes.replaceSubrange(
        start..<start + picture.width * 3, with: picture.bytes[row * picture.width * 3..<(row + 1) * picture.width * 3])
    }
  }

  private func span(_ a: Double, _ b: Double, _ radius: Double, _ extent: Int) -> ClosedRange<Int>? {
    let lower = max(0, (min(a, b) - radius - 1).rounded(.down))
    let upper = min(Double(extent - 1), (max(a, b) + radius + 1).rounded(.up))
    return lower <= upper ? Int(lower)...Int(upper) : nil
  }

  private mutating func blend(_ column: Int, _ row: Int, _ color: Color, _ opacity: Double) {
    let start = (row * width + column) * 3
    func mix(_ old: UInt8, _ new: UInt8) -> UInt8 {
      UInt8((Double(old) * (1 - opacity) + Double(new) * opacity).rounded())
    }
    bytes[start] = mix(bytes[start], color.red)
    bytes[start + 1] = mix(bytes[start + 1], color.green)
    bytes[start + 2] = mix(bytes[start + 2], color.blue)
  }
}
