import Tensors

/// What stands behind a figure: a wall or a horizon, texture, furniture, poles and things that look like limbs.
struct SyntheticBackground {
  var random: CounterRandom
  let difficulty: Double

  /// Paints the whole canvas.
  mutating func draw(on canvas: borrowing Canvas) {
    base(canvas)
    texture(canvas)
    let size = Float(canvas.width)
    let clutter = random.integer(below: 3 + Int(14 * difficulty))
    for _ in 0..<clutter { canvas.draw(shape(size)) }
  }

  /// Sky over ground, wall over floor, or one gradient.
  private func rowColor(_ row: Float, _ horizon: Float, _ sharpness: Float, _ colors: [CanvasColor]) -> CanvasColor {
    let above = colors[0].mixed(with: colors[1], min(max(row / horizon, 0), 1))
    let below = colors[2].mixed(with: colors[3], min(max((row - horizon) / max(1 - horizon, 0.1), 0), 1))
    return above.mixed(with: below, min(max(0.5 + (row - horizon) * sharpness, 0), 1))
  }

  private mutating func base(_ canvas: borrowing Canvas) {
    let horizon = Float(random.uniform() < 0.75 ? random.uniform(0.35, 0.9) : 1)
    let above: CanvasColor
    let below: CanvasColor
    if random.uniform() < 0.4 {
      above = .hue(random.uniform(0.52, 0.64), saturation: random.uniform(0.1, 0.6), value: random.uniform(0.6, 1))
      below = .hue(random.uniform(0.08, 0.38), saturation: random.uniform(0.2, 0.7), value: random.uniform(0.25, 0.7))
    } else {
      above = random.uniform() < 0.5 ? .muted(&random) : .any(&random)
      below = .muted(&random)
    }
    let colors = [
      above * Float(random.uniform(0.75, 1.1)), above * Float(random.uniform(0.75, 1.1)),
      below * Float(random.uniform(0.7, 1.1)), below * Float(random.uniform(0.7, 1.1)),
    ]
    let tilt = Float(random.uniform(-0.15, 0.15))
    let width = Float(canvas.width)
    // A line one pixel soft, or a meadow that ends in mist.
    let sharpness = Float(canvas.height) * Float(random.uniform() < 0.8 ? 1 : random.uniform(0.05, 0.4))
    for row in 0..<canvas.height {
      let line = canvas.pixels + row * canvas.width
      for column in 0..<canvas.width {
        let height = Float(row) / Float(canvas.height) + tilt * (Float(column) / width - 0.5)
        line[column] = rowColor(height, horizon, sharpness, colors)
      }
    }
  }

  /// Two octaves of value noise, interpolated linearly.
  private mutating func texture(_ canvas: borrowing Canvas) {
    let strength = Float(random.uniform(0.02, 0.08 + 0.2 * difficulty))
    for cells in [random.integer(below: 8) + 3, random.integer(below: 40) + 14] {
      let colored: CanvasColor = [
        Float(random.uniform(0.6, 1.4)), Float(random.uniform(0.6, 1.4)), Float(random.uniform(0.6, 1.4)), 0,
      ]
      let side = cells + 2
      let lattice = (0..<(side * side)).map { _ in (Float(random.bits() >> 8) * 0x1p-24 - 0.5) * strength }
      let step = Float(cells) / Float(max(canvas.width, canvas.height))
      lattice.withUnsafeBufferPointer { lattice in
        for row in 0..<canvas.height {
          let y = Float(row) * step
          let top = Int(y)
          let fy = y - Float(top)
          let line = canvas.pixels + row * canvas.width
          for column in 0..<canvas.width {
            let x = Float(column) * step
            let left = Int(x)
            let fx = x - Float(left)
            let at = top * side + left
            let upper = lattice[at] + (lattice[at + 1] - lattice[at]) * fx
            let lower = lattice[at + side] + (lattice[at + side + 1] - lattice[at + side]) * fx
            line[column] += colored * (upper + (lower - upper) * fy)
          }
        }
      }
    }
  }

  private mutating func shape(_ size: Float) -> CanvasShape {
    let centre = SIMD2(Float(random.uniform(-0.05, 1.05)) * size, Float(random.uniform(-0.05, 1.05)) * size)
    func length(_ lower: Double, _ upper: Double) -> Float { Float(random.uniform(lower, upper)) * size }
    let color = random.uniform() < 0.5 ? CanvasColor.muted(&random) : CanvasColor.any(&random)
    let colors = (color, color * Float(random.uniform(0.6, 1.2)))
    switch random.integer(below: 6) {
    case 0, 1:
      // Furniture, windows, houses.
      var shape = CanvasShape(
        centre: centre, half: SIMD2(length(0.03, 0.22), length(0.03, 0.22)),
        degrees: random.uniform() < 0.6 ? 0 : random.uniform(-45, 45), colors: colors)
      if random.uniform() < 0.25 { shape.stripes = (length(0.03, 0.12), .muted(&random)) }
      return shape
    case 2:
      // Poles and trunks, mostly upright.
      var shape = CanvasShape(
        centre: centre, half: SIMD2(length(0.006, 0.035), length(0.3, 0.9)), degrees: random.uniform(-12, 12),
        colors: colors)
      shape.isRound = true
      return shape
    case 3:
      // Bushes, balls, lamps.
      return CanvasShape(
        centre: centre, half: .zero, radius: length(0.02, 0.12), degrees: random.uniform(0, 360), colors: colors)
    case 4:
      return limb(centre, size)
    default:
      // Blurred patches of light and shade.
      var shape = CanvasShape(
        centre: centre, half: SIMD2(length(0.02, 0.2), length(0.02, 0.2)), radius: length(0.02, 0.1),
        degrees: random.uniform(0, 180), colors: colors)
      shape.softness = length(0.03, 0.15)
      shape.opacity = Float(random.uniform(0.3, 0.8))
      return shape
    }
  }

  /// A capsule of the size and colour of a limb that belongs to nobody.
  private mutating func limb(_ centre: SIMD2<Float>, _ size: Float) -> CanvasShape {
    let tone = random.uniform()
    let skin = CanvasColor(red: 0.36 + 0.58 * tone, green: 0.22 + 0.55 * tone, blue: 0.15 + 0.5 * tone)
    let color = random.uniform() < 0.5 ? skin : CanvasColor.any(&random)
    var shape = CanvasShape(
      centre: centre, half: SIMD2(0, Float(random.uniform(0.04, 0.09)) * size),
      radius: Float(random.uniform(0.012, 0.03)) * size, degrees: random.uniform(0, 180),
      colors: (color, color * 0.85))
    shape.isRound = true
    return shape
  }
}
