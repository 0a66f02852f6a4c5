import Tensors

/// One picture of a figure: everything that is drawn at random for it, a function of seed, number and size.
struct SyntheticScene {
  let annotation: PoseAnnotation
  private let figure: Figure
  private let pose: FigurePose
  private let family: FigurePoseSampler.Family
  private let occluders: [CanvasShape]
  private let seed: UInt64
  private let number: UInt64
  private let size: Int
  private let difficulty: Double

  init(seed: UInt64, number: UInt64, size: Int, difficulty: Double) {
    self.seed = seed
    self.number = number
    self.size = size
    self.difficulty = difficulty
    var random = CounterRandom(seed: seed, purpose: "synthetic figure", number)
    let body = FigureBody(&random)
    let outfit = FigureOutfit(&random, difficulty: difficulty)
    let sampler = FigurePoseSampler(
      random: CounterRandom(seed: seed, purpose: "synthetic pose", number), difficulty: difficulty)
    let joints: FigureJoints
    (pose, joints, family) = Self.drawPose(body, sampler)

    let extent = Self.extent(joints)
    let side = Double(size)
    let longest = max(extent.high.x - extent.low.x, extent.high.y - extent.low.y)
    let scale = side * random.uniform(0.5, 0.74) / longest
    // The joints keep this distance from the border, so that hands, feet and hair are mostly inside.
    let margin = 0.06 * side
    func placed(_ low: Double, _ high: Double) -> Double {
      let room = side - 1 - 2 * margin - scale * (high - low)
      return margin - scale * low + room * random.uniform(0.15, 0.85)
    }
    let projection = Figure.Projection(
      scale: scale, x: placed(extent.low.x, extent.high.x), y: placed(-extent.high.y, -extent.low.y))
    figure = Figure(body, pose, outfit, joints, projection)

    let points = figure.projectedJoints
    var drawer = SyntheticOccluders(
      random: CounterRandom(seed: seed, purpose: "synthetic occluders", number), difficulty: difficulty)
    occluders = drawer.draw(around: points, size: side)
    let hiders = occluders
    annotation = PoseAnnotation(
      joints: points.map { point in
        PoseAnnotation.Joint(
          x: point.x, y: point.y, isLabelled: true,
          isVisible: point.isVisible && !hiders.contains { $0.covers(point.x, point.y) })
      },
      centerX: projection.x + scale * (extent.low.x + extent.high.x) / 2,
      centerY: projection.y - scale * (extent.low.y + extent.high.y) / 2,
      side: Self.boxMargin * scale * longest)
  }

  /// Side of the annotated square over the larger side of the joints' box.
  private static let boxMargin = 1.28
  /// Shortest distance from left shoulder to right hip, over the side of the square: PCK divides by it.
  private static let shortestTorso = 0.13

  private static func extent(_ joints: FigureJoints) -> (low: SIMD3<Double>, high: SIMD3<Double>) {
    let points = joints.mpii
    return (
      points.reduce(points[0]) { pointwiseMin($0, $1) }, points.reduce(points[0]) { pointwiseMax($0, $1) }
    )
  }

  /// Draws poses until the torso is not seen end on; one standing upright if that never comes.
  private static func drawPose(
    _ body: FigureBody, _ sampler: FigurePoseSampler
  ) -> (FigurePose, FigureJoints, FigurePoseSampler.Family) {
    var sampler = sampler
    for _ in 0..<32 {
      let (pose, family) = sampler.draw()
      let joints = FigureJoints(body, pose)
      let extent = extent(joints)
      let side = boxMargin * max(extent.high.x - extent.low.x, extent.high.y - extent.low.y)
      var torso = joints.left.shoulder - joints.right.hip
      torso.z = 0
      if torso.length >= shortestTorso * side { return (pose, joints, family) }
    }
    let pose = FigurePose()
    return (pose, FigureJoints(body, pose), .standing)
  }

  func render() -> RGBImage {
    let canvas = Canvas(width: size, height: size)
    var random = CounterRandom(seed: seed, purpose: "synthetic scene", number)
    var background = SyntheticBackground(
      random: CounterRandom(seed: seed, purpose: "synthetic background", number), difficulty: difficulty)
    background.draw(on: canvas)
    let renderer = FigureRenderer(&random)
    if random.uniform() < 0.4 * difficulty { drawBystander(renderer, canvas, &random) }
    if family.isGrounded, abs(pose.roll) < 35, random.uniform() < 0.7 { canvas.draw(shadow) }
    if family == .sitting { canvas.draw(seat(&random)) }
    renderer.draw(figure.parts, on: canvas)
    for occluder in occluders { canvas.draw(occluder) }
    var camera = SyntheticCamera(
      random: CounterRandom(seed: seed, purpose: "synthetic camera", number), difficulty: difficulty)
    return camera.develop(canvas)
  }

  /// A second person, smaller and at the left or right border.
  private func drawBystander(_ renderer: FigureRenderer, _ canvas: borrowing Canvas, _ random: inout CounterRandom) {
    let body = FigureBody(&random)
    let outfit = FigureOutfit(&random, difficulty: difficulty)
    var sampler = FigurePoseSampler(
      random: CounterRandom(seed: seed, purpose: "synthetic bystander", number), difficulty: difficulty)
    let pose = sampler.draw().0
    let side = Double(size)
    let edge = random.uniform(-0.04, 0.1)
    let projection = Figure.Projection(
      scale: side * random.uniform(0.3, 0.55), x: side * (random.uniform() < 0.5 ? edge : 1 - edge),
      y: side * random.uniform(0.3, 0.7))
    renderer.draw(Figure(body, pose, outfit, FigureJoints(body, pose), projection).parts, on: canvas)
  }

  /// A soft dark patch on the ground below the lower foot.
  private var shadow: CanvasShape {
    let left = figure.projection(figure.joints.left.ankle)
    let right = figure.projection(figure.joints.right.ankle)
    let reach = Float(0.06 * figure.projection.scale)
    let middle = (left + right) / 2
    var shape = CanvasShape(
      centre: SIMD2(middle.x, max(left.y, right.y) + 0.6 * reach), half: SIMD2(abs(left.x - right.x) / 2 + reach, 0),
      radius: reach, colors: (.zero, .zero))
    shape.softness = 1.6 * reach
    shape.opacity = 0.5
    return shape
  }

  /// What a sitting figure sits on, behind it.
  private func seat(_ random: inout CounterRandom) -> CanvasShape {
    let scale = figure.projection.scale
    let root = figure.joints.pelvisFrame
    let centre = figure.projection(root.y * -0.2)
    let color = CanvasColor.muted(&random)
    let (x, y) = (root.x.x, root.x.y)
    // The seat turns with the picture's rotation as far as the hips show it.
    return CanvasShape(
      centre: SIMD2(centre.x, centre.y), half: SIMD2(Float(0.15 * scale), Float(0.14 * scale)),
      degrees: abs(x) > 0.5 ? -57.3 * y / abs(x) * (x > 0 ? 1 : -1) : 0, colors: (color, color * 0.7))
  }
}
