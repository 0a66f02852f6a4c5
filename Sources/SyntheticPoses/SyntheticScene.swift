import PoseData
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
    let place = (share: random.uniform(0.5, 0.74), x: random.uniform(0.15, 0.85), y: random.uniform(0.15, 0.85))
    var sampler = FigurePoseSampler(
      random: CounterRandom(seed: seed, purpose: "synthetic pose", number), difficulty: difficulty)
    var (pose, family) = sampler.draw()
    var figure = Self.place(body, pose, outfit, place, Double(size))
    var points = figure.projectedJoints
    for attempt in 1...Self.attempts where !Self.isClear(points) {
      // The last is a figure that stands upright and faces the camera, which is clear.
      (pose, family) = attempt < Self.attempts ? sampler.draw() : (FigurePose(), .standing)
      figure = Self.place(body, pose, outfit, place, Double(size))
      points = figure.projectedJoints
    }
    self.pose = pose
    self.family = family
    self.figure = figure

    var drawer = SyntheticOccluders(
      random: CounterRandom(seed: seed, purpose: "synthetic occluders", number), difficulty: difficulty)
    let occluders = drawer.draw(around: points, size: Double(size))
    self.occluders = occluders
    let box = Self.box(points)
    annotation = PoseAnnotation(
      joints: points.map { point in
        PoseAnnotation.Joint(
          x: point.x, y: point.y, isLabelled: true,
          isVisible: point.isVisible && !occluders.contains { $0.covers(point.x, point.y) })
      },
      centerX: box.x, centerY: box.y, side: box.side)
  }

  /// Poses drawn for a sample at most.
  private static let attempts = 32
  /// Side of the annotated square over the larger side of the joints' box.
  private static let boxMargin = 1.28
  /// Shortest distance from left shoulder to right hip, over the side of the square: PCK divides by it.
  private static let shortestTorso = 0.13
  /// Most joints that the body itself may hide.
  private static let mostSelfHidden = 3

  /// The annotated square around joints.
  private static func box(_ points: [Figure.Joint]) -> (x: Double, y: Double, side: Double) {
    let low = points.reduce(SIMD2(repeating: Double.infinity)) { pointwiseMin($0, SIMD2($1.x, $1.y)) }
    let high = points.reduce(SIMD2(repeating: -Double.infinity)) { pointwiseMax($0, SIMD2($1.x, $1.y)) }
    return ((low.x + high.x) / 2, (low.y + high.y) / 2, boxMargin * max(high.x - low.x, high.y - low.y))
  }

  /// Whether the torso is not seen end on and most joints are in sight.
  private static func isClear(_ points: [Figure.Joint]) -> Bool {
    let torso = Skeleton.mpii.torso
    let (a, b) = (points[torso.leftShoulder], points[torso.rightHip])
    let length = SIMD3(a.x - b.x, a.y - b.y, 0).length
    return length >= shortestTorso * box(points).side && points.count { !$0.isVisible } <= mostSelfHidden
  }

  /// The figure where its joints' box takes the share `place.share` of the picture; `place.x` and `.y` say, from 0 to
  /// 1, where in the room that is left.
  private static func place(
    _ body: FigureBody, _ pose: FigurePose, _ outfit: FigureOutfit, _ place: (share: Double, x: Double, y: Double),
    _ side: Double
  ) -> Figure {
    let joints = FigureJoints(body, pose)
    let points = joints.mpii
    let low = points.reduce(points[0]) { pointwiseMin($0, $1) }
    let high = points.reduce(points[0]) { pointwiseMax($0, $1) }
    let scale = side * place.share / max(high.x - low.x, high.y - low.y)
    // The joints keep this distance from the border, so that hands, feet and hair are mostly inside.
    let margin = 0.06 * side
    func start(_ low: Double, _ high: Double, _ position: Double) -> Double {
      margin - scale * low + (side - 1 - 2 * margin - scale * (high - low)) * position
    }
    let projection = Figure.Projection(
      scale: scale, x: start(low.x, high.x, place.x), y: start(-high.y, -low.y, place.y))
    return Figure(body, pose, outfit, joints, projection)
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
