/// A rotated box with round corners: also a disc (no half size) and a capsule (half size in one direction).
struct CanvasShape {
  var centre: SIMD2<Float>
  /// Half of the box's sides without its rounding.
  var half: SIMD2<Float>
  var radius: Float
  private let sine: Float
  private let cosine: Float
  /// From one end of the local y axis to the other.
  var colors: (CanvasColor, CanvasColor)
  var stripes: (period: Float, color: CanvasColor)?
  /// Darker towards the sides, as a pole or a limb is.
  var isRound = false
  var opacity: Float = 1
  /// Width of the border over which coverage falls from 1 to 0, in pixels.
  var softness: Float = 1

  init(
    centre: SIMD2<Float>, half: SIMD2<Float>, radius: Float = 0, degrees: Double = 0,
    colors: (CanvasColor, CanvasColor)
  ) {
    self.centre = centre
    self.half = half
    self.radius = radius
    self.colors = colors
    let (sine, cosine) = FigureRotation.sineAndCosine(degrees)
    self.sine = Float(sine)
    self.cosine = Float(cosine)
  }

  /// Half of the upright box around the shape.
  var extent: SIMD2<Float> {
    let x = abs(cosine) * half.x + abs(sine) * half.y
    let y = abs(sine) * half.x + abs(cosine) * half.y
    return SIMD2(x, y) + (radius + softness / 2)
  }

  @inline(__always)
  func local(_ x: Float, _ y: Float) -> SIMD2<Float> {
    let dx = x - centre.x
    let dy = y - centre.y
    return SIMD2(dx * cosine + dy * sine, dy * cosine - dx * sine)
  }

  /// Share of a pixel that is covered, from the distance of its centre to the border.
  @inline(__always)
  func coverage(_ local: SIMD2<Float>) -> Float {
    let qx = abs(local.x) - half.x
    let qy = abs(local.y) - half.y
    let ox = max(qx, 0)
    let oy = max(qy, 0)
    let distance = (ox * ox + oy * oy).squareRoot() + min(max(qx, qy), 0) - radius
    return min(max(0.5 - distance / softness, 0), 1) * opacity
  }

  @inline(__always)
  func color(_ local: SIMD2<Float>) -> CanvasColor {
    let reach = half.y + radius
    var color = colors.0.mixed(with: colors.1, min(max(0.5 + 0.5 * local.y / reach, 0), 1))
    if let stripes {
      let phase = local.y / stripes.period
      if phase - phase.rounded(.down) < 0.5 { color = stripes.color }
    }
    if isRound {
      let side = local.x / (half.x + radius)
      color *= 1 - 0.45 * side * side
    }
    return color
  }

  func covers(_ x: Double, _ y: Double) -> Bool {
    coverage(local(Float(x), Float(y))) > 0.5
  }
}
