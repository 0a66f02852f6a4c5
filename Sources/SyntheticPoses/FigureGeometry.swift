/// A solid that is seen along the z axis: x to the right, y down, z towards the camera, all in pixels.
protocol FigureGeometry {
  var low: SIMD2<Float> { get }
  var high: SIMD2<Float> { get }
  /// The largest z of the solid.
  var nearest: Float { get }
  /// z of the front surface at four places of the picture, minus infinity beside the solid.
  func depth(_ x: SIMD4<Float>, _ y: SIMD4<Float>) -> SIMD4<Float>
  /// Outward normal at a point of the surface, and the point in the solid's own coordinates, for patterns.
  func surface(_ point: SIMD3<Float>) -> (normal: SIMD3<Float>, local: SIMD3<Float>)
}

/// The hull of two balls: a tapered limb with round ends.
struct FigureCone: FigureGeometry {
  private let start: SIMD3<Float>
  private let axis: SIMD3<Float>
  private let length: Float
  private let startRadius: Float
  private let endRadius: Float
  /// Sine of the angle between the mantle and the axis.
  private let slope: Float
  private let cosineSquared: Float

  init(from a: SIMD3<Float>, to b: SIMD3<Float>, radii: (Float, Float)) {
    start = a
    let offset = b - a
    let distance = offset.length
    length = max(distance, 1e-3)
    axis = distance > 1e-3 ? offset / distance : [0, 1, 0]
    (startRadius, endRadius) = radii
    // A ball that swallows the other has no mantle; the slope then only has to stay finite.
    slope = min(max((startRadius - endRadius) / length, -0.95), 0.95)
    cosineSquared = 1 - slope * slope
  }

  private var end: SIMD3<Float> { start + axis * length }

  var low: SIMD2<Float> {
    SIMD2(
      min(start.x - startRadius, end.x - endRadius), min(start.y - startRadius, end.y - endRadius))
  }

  var high: SIMD2<Float> {
    SIMD2(
      max(start.x + startRadius, end.x + endRadius), max(start.y + startRadius, end.y + endRadius))
  }

  var nearest: Float { max(start.z + startRadius, end.z + endRadius) }

  /// With p from the start and s = p·axis the mantle is |p|² cos² − s² + 2 r s sin − r² = 0, a quadratic in z; the
  /// point belongs to the ball whose centre lies s − r sin along the axis, over cos².
  @inline(__always)
  func depth(_ x: SIMD4<Float>, _ y: SIMD4<Float>) -> SIMD4<Float> {
    let miss = SIMD4<Float>(repeating: -.infinity)
    let dx = x - start.x
    let dy = y - start.y
    let flat = dx * dx + dy * dy
    let inStart = startRadius * startRadius - flat
    var best = miss.replacing(with: start.z + Self.root(inStart), where: inStart .> 0)
    let ex = x - end.x
    let ey = y - end.y
    let inEnd = endRadius * endRadius - (ex * ex + ey * ey)
    let endDepth = end.z + Self.root(inEnd)
    best.replace(with: endDepth, where: (inEnd .> 0) .& (endDepth .> best))

    let a = cosineSquared - axis.z * axis.z
    // Seen along its axis a limb shows only its nearer ball.
    guard a > 1e-4 else { return best }
    let s = dx * axis.x + dy * axis.y
    let tilt = startRadius * slope
    let b = axis.z * (tilt - s)
    let c = flat * cosineSquared - s * s + 2 * tilt * s - startRadius * startRadius
    let discriminant = b * b - a * c
    let z = (Self.root(discriminant) - b) / a
    let along = s + z * axis.z - tilt
    let onMantle = (discriminant .> 0) .& (along .> 0) .& (along .< length * cosineSquared)
    best.replace(with: start.z + z, where: onMantle .& (start.z + z .> best))
    return best
  }

  @inline(__always)
  private static func root(_ v: SIMD4<Float>) -> SIMD4<Float> {
    v.replacing(with: 0, where: v .< 0).squareRoot()
  }

  @inline(__always)
  func surface(_ point: SIMD3<Float>) -> (normal: SIMD3<Float>, local: SIMD3<Float>) {
    let p = point - start
    let s = p.dot(axis)
    let along = min(max((s - startRadius * slope) / cosineSquared, 0), length)
    let out = p - axis * along
    return (out / max(out.length, 1e-6), [0, along / length, 0])
  }
}

/// An ellipsoid with any axes.
struct FigureEllipsoid: FigureGeometry {
  private let centre: SIMD3<Float>
  /// Unit axes divided by the radii: they map the solid to the unit ball.
  private let rows: (SIMD3<Float>, SIMD3<Float>, SIMD3<Float>)
  private let columnX: SIMD3<Float>
  private let columnY: SIMD3<Float>
  private let columnZ: SIMD3<Float>
  private let halfExtent: SIMD3<Float>

  /// Half axes as vectors, at right angles to each other.
  init(centre: SIMD3<Float>, halfAxes: (SIMD3<Float>, SIMD3<Float>, SIMD3<Float>)) {
    self.centre = centre
    let (x, y, z) = halfAxes
    rows = (x / x.dot(x), y / y.dot(y), z / z.dot(z))
    columnX = [rows.0.x, rows.1.x, rows.2.x]
    columnY = [rows.0.y, rows.1.y, rows.2.y]
    columnZ = [rows.0.z, rows.1.z, rows.2.z]
    halfExtent = (x * x + y * y + z * z).squareRoot()
  }

  var low: SIMD2<Float> { SIMD2(centre.x - halfExtent.x, centre.y - halfExtent.y) }
  var high: SIMD2<Float> { SIMD2(centre.x + halfExtent.x, centre.y + halfExtent.y) }
  var nearest: Float { centre.z + halfExtent.z }

  @inline(__always)
  func depth(_ x: SIMD4<Float>, _ y: SIMD4<Float>) -> SIMD4<Float> {
    let dx = x - centre.x
    let dy = y - centre.y
    let u = dx * columnX.x + dy * columnY.x
    let v = dx * columnX.y + dy * columnY.y
    let w = dx * columnX.z + dy * columnY.z
    let a = columnZ.dot(columnZ)
    let b = u * columnZ.x + v * columnZ.y + w * columnZ.z
    let c = u * u + v * v + w * w - 1
    let discriminant = b * b - a * c
    let hit = discriminant .> 0
    let z = (discriminant.replacing(with: 0, where: .!hit).squareRoot() - b) / a
    return SIMD4(repeating: -.infinity).replacing(with: centre.z + z, where: hit)
  }

  @inline(__always)
  func surface(_ point: SIMD3<Float>) -> (normal: SIMD3<Float>, local: SIMD3<Float>) {
    let p = point - centre
    let local = columnX * p.x + columnY * p.y + columnZ * p.z
    let out = rows.0 * local.x + rows.1 * local.y + rows.2 * local.z
    return (out / max(out.length, 1e-6), local)
  }
}
