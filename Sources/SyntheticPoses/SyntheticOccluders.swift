import Tensors

/// Things in front of a figure that hide some of its joints.
struct SyntheticOccluders {
  var random: CounterRandom
  let difficulty: Double

  /// Most joints out of sight, by the body itself and by things, for a thing to be kept.
  private static let mostHidden = 5

  /// Boxes, poles and discs, each over or near one joint.
  mutating func draw(around joints: [Figure.Joint], size: Double) -> [CanvasShape] {
    var kept: [CanvasShape] = []
    for share in [0.6, 0.25] where random.uniform() < share * difficulty {
      let target = joints[random.integer(below: joints.count)]
      let shape = shape(SIMD2(target.x, target.y), size)
      let candidates = kept + [shape]
      let hidden = joints.count { joint in
        !joint.isVisible || candidates.contains { $0.covers(joint.x, joint.y) }
      }
      if hidden <= Self.mostHidden { kept = candidates }
    }
    return kept
  }

  private mutating func shape(_ target: SIMD2<Double>, _ size: Double) -> CanvasShape {
    let centre = SIMD2<Float>(
      target + SIMD2(random.uniform(-0.06, 0.06), random.uniform(-0.06, 0.06)) * size)
    func length(_ lower: Double, _ upper: Double) -> Float { Float(random.uniform(lower, upper) * size) }
    let color = random.uniform() < 0.5 ? CanvasColor.muted(&random) : CanvasColor.any(&random)
    let colors = (color, color * Float(random.uniform(0.6, 1.2)))
    switch random.integer(below: 3) {
    case 0:
      var shape = CanvasShape(
        centre: centre, half: SIMD2(length(0.03, 0.11), length(0.03, 0.11)), radius: length(0, 0.01),
        degrees: random.uniform(-30, 30), colors: colors)
      if random.uniform() < 0.3 { shape.stripes = (length(0.03, 0.1), .any(&random)) }
      return shape
    case 1:
      var shape = CanvasShape(
        centre: centre, half: SIMD2(length(0.01, 0.03), length(0.4, 1.2)), degrees: random.uniform(-15, 15),
        colors: colors)
      shape.isRound = true
      return shape
    default:
      return CanvasShape(
        centre: centre, half: .zero, radius: length(0.03, 0.1), degrees: random.uniform(0, 360), colors: colors)
    }
  }
}
