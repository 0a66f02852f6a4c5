import Tensors

/// Paints figures: four samples a pixel decide which solid is in front, one shading a pixel and solid gives its colour.
struct FigureRenderer {
  /// Towards the light, of length 1, in the picture's axes.
  var light: SIMD3<Float>
  /// Brightness of what no light falls on.
  var ambient: Float

  private static let tile = 16
  /// A rotated grid, so that edges near the axes get all five levels of coverage.
  private static let offsetsX = SIMD4<Float>(-0.125, 0.375, 0.125, -0.375)
  private static let offsetsY = SIMD4<Float>(-0.375, -0.125, 0.375, 0.125)

  /// Nearest depth and colour of a pixel's four samples.
  private struct Samples {
    var depth = SIMD4<Float>(repeating: -.infinity)
    var colors = (CanvasColor.zero, CanvasColor.zero, CanvasColor.zero, CanvasColor.zero)
  }

  init(_ random: inout CounterRandom) {
    let direction = SIMD3<Double>(random.uniform(-1, 1), random.uniform(-1.2, -0.1), random.uniform(0.25, 1.2))
    light = SIMD3<Float>(direction / direction.length)
    ambient = Float(random.uniform(0.45, 0.7))
  }

  /// Tile by tile, so that the samples stay in the first cache.
  func draw(_ parts: [FigurePart], on canvas: borrowing Canvas) {
    guard let first = parts.first else { return }
    let low = parts.reduce(first.low) { pointwiseMin($0, $1.low) }
    let high = parts.reduce(first.high) { pointwiseMax($0, $1.high) }
    let rows = Canvas.touched(low.y, high.y, below: canvas.height)
    let columns = Canvas.touched(low.x, high.x, below: canvas.width)
    withUnsafeTemporaryAllocation(of: Samples.self, capacity: Self.tile * Self.tile) { samples in
      for top in stride(from: rows.lowerBound, to: rows.upperBound, by: Self.tile) {
        for left in stride(from: columns.lowerBound, to: columns.upperBound, by: Self.tile) {
          samples.initialize(repeating: Samples())
          let tileRows = top..<min(top + Self.tile, rows.upperBound)
          let tileColumns = left..<min(left + Self.tile, columns.upperBound)
          var isEmpty = true
          for part in parts {
            let partRows = Canvas.touched(part.low.y, part.high.y, below: canvas.height).clamped(to: tileRows)
            let partColumns = Canvas.touched(part.low.x, part.high.x, below: canvas.width).clamped(to: tileColumns)
            guard !partRows.isEmpty, !partColumns.isEmpty else { continue }
            isEmpty = false
            let origin = (row: top, column: left)
            switch part.shape {
            case .cone(let cone): cover(cone, part.material, partRows, partColumns, samples, origin)
            case .ellipsoid(let solid): cover(solid, part.material, partRows, partColumns, samples, origin)
            }
          }
          if !isEmpty { Self.resolve(samples, tileRows, tileColumns, canvas) }
        }
      }
    }
  }

  @inline(__always)
  private func cover(
    _ solid: some FigureGeometry, _ material: FigureMaterial, _ rows: Range<Int>, _ columns: Range<Int>,
    _ samples: UnsafeMutableBufferPointer<Samples>, _ origin: (row: Int, column: Int)
  ) {
    for row in rows {
      let y = Float(row) + Self.offsetsY
      for column in columns {
        let x = Float(column) + Self.offsetsX
        let depth = solid.depth(x, y)
        let index = (row - origin.row) * Self.tile + column - origin.column
        let wins = depth .> samples[index].depth
        guard any(wins) else { continue }
        // The middle of the samples that are won, which lies on the surface but for its curvature.
        let share = 1 / Self.sum(SIMD4(repeating: 1), wins)
        let point = SIMD3(Self.sum(x, wins), Self.sum(y, wins), Self.sum(depth, wins)) * share
        let (normal, local) = solid.surface(point)
        let color = shade(material.color(local), normal)
        samples[index].depth.replace(with: depth, where: wins)
        if wins[0] { samples[index].colors.0 = color }
        if wins[1] { samples[index].colors.1 = color }
        if wins[2] { samples[index].colors.2 = color }
        if wins[3] { samples[index].colors.3 = color }
      }
    }
  }

  @inline(__always)
  private static func sum(_ values: SIMD4<Float>, _ mask: SIMDMask<SIMD4<Int32>>) -> Float {
    let v = SIMD4<Float>.zero.replacing(with: values, where: mask)
    return (v.x + v.y) + (v.z + v.w)
  }

  /// Lambert's law, and darker where the surface turns away, which tells a limb from what is behind it.
  @inline(__always)
  private func shade(_ color: CanvasColor, _ normal: SIMD3<Float>) -> CanvasColor {
    let diffuse = max(normal.dot(light), 0)
    let facing = 0.62 + 0.38 * min(max(normal.z, 0), 1)
    return color * ((ambient + (1.15 - ambient) * diffuse) * facing)
  }

  private static func resolve(
    _ samples: UnsafeMutableBufferPointer<Samples>, _ rows: Range<Int>, _ columns: Range<Int>,
    _ canvas: borrowing Canvas
  ) {
    for row in rows {
      let line = canvas.pixels + row * canvas.width
      for column in columns {
        let sample = samples[(row - rows.lowerBound) * tile + column - columns.lowerBound]
        let share = Self.sum(SIMD4(repeating: 0.25), sample.depth .> -.infinity)
        guard share > 0 else { continue }
        // Samples that no solid covers are black, so the sum is already weighted.
        let (a, b, c, d) = sample.colors
        line[column] = line[column] * (1 - share) + (a + b + c + d) * 0.25
      }
    }
  }
}
