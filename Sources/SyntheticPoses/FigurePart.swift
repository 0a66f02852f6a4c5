/// One solid of a figure and its colours.
struct FigurePart {
  enum Shape {
    case cone(FigureCone)
    case ellipsoid(FigureEllipsoid)
  }

  let shape: Shape
  let material: FigureMaterial
  let low: SIMD2<Float>
  let high: SIMD2<Float>
  let nearest: Float

  init(_ cone: FigureCone, _ material: FigureMaterial) {
    self.init(shape: .cone(cone), bounds: cone, material)
  }

  init(_ ellipsoid: FigureEllipsoid, _ material: FigureMaterial) {
    self.init(shape: .ellipsoid(ellipsoid), bounds: ellipsoid, material)
  }

  private init(shape: Shape, bounds: some FigureGeometry, _ material: FigureMaterial) {
    self.shape = shape
    self.material = material
    low = bounds.low
    high = bounds.high
    nearest = bounds.nearest
  }

  /// z of the front surface at one place of the picture.
  func depth(_ x: Float, _ y: Float) -> Float {
    switch shape {
    case .cone(let cone): cone.depth(SIMD4(repeating: x), SIMD4(repeating: y)).x
    case .ellipsoid(let ellipsoid): ellipsoid.depth(SIMD4(repeating: x), SIMD4(repeating: y)).x
    }
  }
}
