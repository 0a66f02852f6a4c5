import Foundation

/// A small chart as SVG: lines over a number of ranks, or stacked bars.
struct ScalingPlot {
  struct Line {
    var name: String
    var points: [(x: Double, y: Double)]
    /// Dashed and grey: what would be ideal.
    var isIdeal = false
  }

  struct Bar {
    var name: String
    /// From the bottom up, in the order of `parts`.
    var values: [Double]
  }

  static let colors = ["#0b6e99", "#d9730d", "#448361", "#9065b0", "#c14c8a", "#cb912f", "#787774"]
  private static let (width, height) = (640.0, 400.0)
  private static let (left, right, top, bottom) = (72.0, 16.0, 40.0, 84.0)

  private var body: [String] = []
  /// Where the picture ends: lower where the legend has more than two rows.
  private var end = Self.height

  private static func number(_ value: Double) -> String { value.fixed(1) }

  /// A short number for an axis.
  private static func label(_ value: Double) -> String { value.shortest(4) }

  private static func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
  }

  private mutating func text(_ x: Double, _ y: Double, _ text: String, anchor: String = "middle", size: Int = 12) {
    body.append(
      "<text x=\"\(Self.number(x))\" y=\"\(Self.number(y))\" text-anchor=\"\(anchor)\" font-size=\"\(size)\">"
        + "\(Self.escaped(text))</text>")
  }

  private mutating func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ color: String) {
    body.append(
      "<line x1=\"\(Self.number(x1))\" y1=\"\(Self.number(y1))\" x2=\"\(Self.number(x2))\" y2=\"\(Self.number(y2))\" "
        + "stroke=\"\(color)\"/>")
  }

  /// Numbers from 0 to at least `most`, evenly spaced: 1, 2 or 5 times a power of ten apart.
  private static func ticks(_ most: Double) -> [Double] {
    let rough = max(most, 1e-12) / 5
    let power = pow(10, floor(log10(rough)))
    let step = [1, 2, 5, 10].map { $0 * power }.first { $0 >= rough * 0.999 }!
    return (0...Int((most / step).rounded(.up))).map { Double($0) * step }
  }

  private mutating func frame(_ title: String, _ yTitle: String, _ ticks: [Double], _ y: (Double) -> Double) {
    text(Self.width / 2, 22, title, size: 15)
    for tick in ticks {
      line(Self.left, y(tick), Self.width - Self.right, y(tick), "#e3e2e0")
      text(Self.left - 8, y(tick) + 4, Self.label(tick), anchor: "end")
    }
    body.append(
      "<text transform=\"translate(16 \(Self.number((Self.top + Self.height - Self.bottom) / 2))) rotate(-90)\" "
        + "text-anchor=\"middle\" font-size=\"12\">\(Self.escaped(yTitle))</text>")
  }

  private mutating func legend(_ entries: [(name: String, color: String, dashed: Bool)]) {
    var (x, y) = (Self.left, Self.height - 34)
    for entry in entries {
      let room = 34 + 7 * Double(entry.name.count)
      if x + room > Self.width - Self.right, x > Self.left { (x, y) = (Self.left, y + 18) }
      body.append(
        "<line x1=\"\(Self.number(x))\" y1=\"\(Self.number(y - 4))\" x2=\"\(Self.number(x + 18))\" "
          + "y2=\"\(Self.number(y - 4))\" stroke=\"\(entry.color)\" stroke-width=\"3\""
          + (entry.dashed ? " stroke-dasharray=\"4 3\"/>" : "/>"))
      text(x + 23, y, entry.name, anchor: "start")
      x += room
    }
    end = max(end, y + 16)
  }

  private var svg: String {
    """
    <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Int(Self.width)) \(Int(end))" \
    font-family="sans-serif" fill="#37352f">
    <rect width="100%" height="100%" fill="white"/>
    \(body.joined(separator: "\n"))
    </svg>

    """
  }

  /// Lines over a logarithmic number of ranks.
  static func lines(_ title: String, y yTitle: String, _ lines: [Line], most: Double? = nil) -> String {
    var plot = ScalingPlot()
    let all = lines.flatMap(\.points)
    let ranks = Set(all.map(\.x)).sorted()
    let ticks = Self.ticks(max(most ?? 0, all.map(\.y).max() ?? 1))
    let (low, high) = (log2(ranks.first ?? 1), log2(ranks.last ?? 1))
    let place = { (x: Double) -> Double in
      let inset = 24.0
      let room = width - left - right - 2 * inset
      return left + inset + (high > low ? (log2(x) - low) / (high - low) * room : room / 2)
    }
    let y = { (value: Double) in height - bottom - value / ticks.last! * (height - bottom - top) }
    plot.frame(title, yTitle, ticks, y)
    for rank in ranks { plot.text(place(rank), height - bottom + 18, Self.label(rank)) }
    plot.text(width / 2, height - bottom + 34, "ranks")
    var color = 0
    var entries: [(String, String, Bool)] = []
    for line in lines {
      let stroke = line.isIdeal ? "#9b9a97" : colors[color % colors.count]
      if !line.isIdeal { color += 1 }
      let points = line.points.map { "\(number(place($0.x))),\(number(y($0.y)))" }.joined(separator: " ")
      plot.body.append(
        "<polyline points=\"\(points)\" fill=\"none\" stroke=\"\(stroke)\" stroke-width=\"2\""
          + (line.isIdeal ? " stroke-dasharray=\"4 3\"/>" : "/>"))
      if !line.isIdeal {
        for point in line.points {
          plot.body.append(
            "<circle cx=\"\(number(place(point.x)))\" cy=\"\(number(y(point.y)))\" r=\"3.5\" fill=\"\(stroke)\"/>")
        }
      }
      entries.append((line.name, stroke, line.isIdeal))
    }
    plot.legend(entries.map { (name: $0.0, color: $0.1, dashed: $0.2) })
    return plot.svg
  }

  /// A stacked bar for each name.
  static func bars(_ title: String, y yTitle: String, parts: [String], _ bars: [Bar]) -> String {
    var plot = ScalingPlot()
    let ticks = Self.ticks(bars.map { $0.values.reduce(0, +) }.max() ?? 1)
    let y = { (value: Double) in height - bottom - value / ticks.last! * (height - bottom - top) }
    plot.frame(title, yTitle, ticks, y)
    let room = (width - left - right) / Double(max(1, bars.count))
    for (index, bar) in bars.enumerated() {
      let middle = left + room * (Double(index) + 0.5)
      let half = min(28, room * 0.35)
      var base = 0.0
      for (part, value) in bar.values.enumerated() where value > 0 {
        plot.body.append(
          "<rect x=\"\(number(middle - half))\" y=\"\(number(y(base + value)))\" width=\"\(number(2 * half))\" "
            + "height=\"\(number(y(base) - y(base + value)))\" fill=\"\(colors[part % colors.count])\"/>")
        base += value
      }
      plot.text(middle, height - bottom + 18, bar.name, size: bars.count > 8 ? 10 : 12)
    }
    plot.legend(parts.indices.map { (name: parts[$0], color: colors[$0 % colors.count], dashed: false) })
    return plot.svg
  }
}
