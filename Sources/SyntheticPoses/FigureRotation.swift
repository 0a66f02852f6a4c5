/// A rotation of three-dimensional space, held as the images of the three axes.
///
/// Sine and cosine are polynomials in + and × alone, so that a figure has the same bits with every C library.
struct FigureRotation {
  var x: SIMD3<Double>
  var y: SIMD3<Double>
  var z: SIMD3<Double>

  static let identity = FigureRotation(x: [1, 0, 0], y: [0, 1, 0], z: [0, 0, 1])

  /// About the x axis, turning y towards z.
  static func aboutX(_ degrees: Double) -> FigureRotation {
    let (sine, cosine) = sineAndCosine(degrees)
    return FigureRotation(x: [1, 0, 0], y: [0, cosine, sine], z: [0, -sine, cosine])
  }

  /// About the y axis, turning z towards x.
  static func aboutY(_ degrees: Double) -> FigureRotation {
    let (sine, cosine) = sineAndCosine(degrees)
    return FigureRotation(x: [cosine, 0, -sine], y: [0, 1, 0], z: [sine, 0, cosine])
  }

  /// About the z axis, turning x towards y.
  static func aboutZ(_ degrees: Double) -> FigureRotation {
    let (sine, cosine) = sineAndCosine(degrees)
    return FigureRotation(x: [cosine, sine, 0], y: [-sine, cosine, 0], z: [0, 0, 1])
  }

  func callAsFunction(_ v: SIMD3<Double>) -> SIMD3<Double> {
    x * v.x + y * v.y + z * v.z
  }

  static func * (a: FigureRotation, b: FigureRotation) -> FigureRotation {
    FigureRotation(x: a(b.x), y: a(b.y), z: a(b.z))
  }

  /// Sine and cosine of an angle in degrees, to 1e-9.
  static func sineAndCosine(_ degrees: Double) -> (sine: Double, cosine: Double) {
    (sine(degrees), sine(degrees + 90))
  }

  private static func sine(_ degrees: Double) -> Double {
    // To within half a turn of zero, then folded at a quarter turn.
    var angle = degrees - 360 * (degrees / 360).rounded()
    if angle > 90 { angle = 180 - angle }
    if angle < -90 { angle = -180 - angle }
    let t = angle * (Double.pi / 180)
    let s = t * t
    var sum = 1 - s / 210
    for divisor in [156.0, 110, 72, 42, 20, 6] { sum = 1 - s / divisor * sum }
    return t * sum
  }
}

extension SIMD3 where Scalar: FloatingPoint {
  /// Spelled out, as the order of a library's sum is not promised.
  @inline(__always)
  func dot(_ other: SIMD3) -> Scalar { x * other.x + y * other.y + z * other.z }

  @inline(__always)
  var length: Scalar { dot(self).squareRoot() }
}
