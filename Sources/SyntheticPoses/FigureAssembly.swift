/// Builds the solids of a figure over its joints. Thicknesses are in body heights.
struct FigureAssembly {
  let body: FigureBody
  let outfit: FigureOutfit
  let joints: FigureJoints
  let projection: Figure.Projection
  private(set) var parts: [FigurePart] = []

  init(body: FigureBody, outfit: FigureOutfit, joints: FigureJoints, projection: Figure.Projection) {
    self.body = body
    self.outfit = outfit
    self.joints = joints
    self.projection = projection
  }

  private mutating func cone(
    _ from: SIMD3<Double>, _ to: SIMD3<Double>, _ radii: (Double, Double), _ material: FigureMaterial
  ) {
    let scale = projection.scale * body.build
    parts.append(
      FigurePart(
        FigureCone(from: projection(from), to: projection(to), radii: (Float(radii.0 * scale), Float(radii.1 * scale))),
        material))
  }

  private mutating func ellipsoid(
    _ centre: SIMD3<Double>, _ frame: FigureRotation, _ radii: SIMD3<Double>, _ material: FigureMaterial
  ) {
    parts.append(
      FigurePart(
        FigureEllipsoid(
          centre: projection(centre),
          halfAxes: (
            projection.offset(frame.x * radii.x), projection.offset(frame.y * radii.y),
            projection.offset(frame.z * radii.z)
          )),
        material))
  }

  mutating func addTorso() {
    let depth = body.build
    let chest = joints.chestFrame
    ellipsoid(
      joints.thorax - chest.y * 0.1, chest, [body.shoulderHalf * (0.75 + 0.25 * depth), 0.135, 0.072 * depth],
      outfit.torso(hasFront: true))
    ellipsoid(
      joints.waist - joints.abdomenFrame.y * 0.01, joints.abdomenFrame, [0.088 * depth, 0.115, 0.064 * depth],
      outfit.torso(hasFront: false))
    ellipsoid(
      joints.pelvis + joints.pelvisFrame.y * 0.012, joints.pelvisFrame,
      [body.hipHalf + 0.024 * depth, 0.08, 0.07 * depth], FigureMaterial(outfit.trousers))
    for side in [joints.left, joints.right] {
      cone(joints.thorax - chest.y * 0.004, side.shoulder, (0.036, 0.034), FigureMaterial(outfit.shirt))
    }
  }

  mutating func addHead() {
    let frame = joints.headFrame
    let half = SIMD3(0.39, 0.53, 0.46) * body.head
    let centre = joints.headTop - frame.y * half.y
    cone(joints.thorax, joints.upperNeck, (0.034, 0.03), FigureMaterial(outfit.skin))
    ellipsoid(centre, frame, half, outfit.headMaterial)
    let nose = SIMD3(0.06, 0.1, 0.11) * body.head
    ellipsoid(
      centre - frame.y * (0.12 * half.y) + frame.z * (0.95 * half.z), frame, nose, FigureMaterial(outfit.skin * 1.05))
    if outfit.hasLongHair {
      ellipsoid(
        centre - frame.y * (0.35 * half.y) - frame.z * (0.55 * half.z), frame, SIMD3(0.38, 0.62, 0.24) * body.head,
        FigureMaterial(outfit.hair))
    }
  }

  mutating func addLimbs(_ side: FigureJoints.Side, isLeft: Bool) {
    cone(side.shoulder, side.elbow, (0.037, 0.027), outfit.upperArm(isLeft: isLeft))
    cone(side.elbow, side.wrist, (0.027, 0.019), outfit.forearm(isLeft: isLeft))
    ellipsoid(
      side.wrist - side.handFrame.y * (0.6 * body.hand), side.handFrame, [0.015, 0.6 * body.hand, 0.025],
      outfit.hand(isLeft: isLeft))
    cone(side.hip, side.knee, (0.06, 0.041), outfit.thigh(isLeft: isLeft))
    cone(side.knee, side.ankle, (0.041, 0.025), outfit.shank(isLeft: isLeft))
    let foot = side.footFrame
    cone(
      side.ankle - foot.y * 0.02 - foot.z * 0.015, side.ankle - foot.y * 0.028 + foot.z * (0.75 * body.foot),
      (0.028, 0.019), FigureMaterial(outfit.shoes))
  }

  mutating func addSkirt() {
    let left = joints.left.hip + (joints.left.knee - joints.left.hip) * 0.6
    let right = joints.right.hip + (joints.right.knee - joints.right.hip) * 0.6
    let material = FigureMaterial(outfit.trousers)
    cone(joints.left.hip, left, (0.066, 0.08), material)
    cone(joints.right.hip, right, (0.066, 0.08), material)
    cone(joints.pelvis, (left + right) / 2, (0.075, 0.085), material)
  }
}
