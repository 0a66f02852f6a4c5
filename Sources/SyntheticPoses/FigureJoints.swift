/// Where the joints of a posed body are, and how its rigid parts are turned: forward kinematics.
///
/// Camera axes: x to the right, y up, z towards the camera; lengths in body heights, the pelvis at the origin.
struct FigureJoints {
  /// The joints of one side.
  struct Side {
    var shoulder = SIMD3<Double>()
    var elbow = SIMD3<Double>()
    var wrist = SIMD3<Double>()
    var hip = SIMD3<Double>()
    var knee = SIMD3<Double>()
    var ankle = SIMD3<Double>()
    var handFrame = FigureRotation.identity
    var footFrame = FigureRotation.identity
  }

  var left = Side()
  var right = Side()
  let pelvis = SIMD3<Double>()
  let waist: SIMD3<Double>
  let thorax: SIMD3<Double>
  let upperNeck: SIMD3<Double>
  let headTop: SIMD3<Double>
  let pelvisFrame: FigureRotation
  let abdomenFrame: FigureRotation
  let chestFrame: FigureRotation
  let headFrame: FigureRotation

  init(_ body: FigureBody, _ pose: FigurePose) {
    func half(_ bend: (flexion: Double, side: Double, twist: Double)) -> FigureRotation {
      .aboutY(bend.twist / 2) * .aboutZ(bend.side / 2) * .aboutX(bend.flexion / 2)
    }
    pelvisFrame = pose.root
    abdomenFrame = pelvisFrame * half(pose.spine)
    chestFrame = abdomenFrame * half(pose.spine)
    let neckFrame = chestFrame * half(pose.neck)
    headFrame = neckFrame * half(pose.neck)
    waist = pelvis + pelvisFrame.y * (0.25 * body.spine) + abdomenFrame.y * (0.15 * body.spine)
    thorax = waist + abdomenFrame.y * (0.15 * body.spine) + chestFrame.y * (0.45 * body.spine)
    upperNeck = thorax + neckFrame.y * body.neck + neckFrame.z * 0.008
    headTop = upperNeck + headFrame.y * body.head + headFrame.z * 0.006
    left = side(body, pose.leftArm, pose.leftLeg, 1)
    right = side(body, pose.rightArm, pose.rightLeg, -1)
  }

  /// Arm and leg of one side; `sign` is 1 for the left.
  private func side(_ body: FigureBody, _ arm: FigurePose.Limb, _ leg: FigurePose.Limb, _ sign: Double) -> Side {
    var side = Side()
    func ball(_ limb: FigurePose.Limb) -> FigureRotation {
      .aboutX(-limb.flexion) * .aboutZ(sign * limb.abduction) * .aboutY(-sign * limb.twist)
    }
    let raised = ball(arm)
    // A raised arm takes its shoulder blade along.
    let lift = max(0, -raised.y.y) * 0.03
    let upperArm = chestFrame * raised
    let forearm = upperArm * .aboutX(-arm.hinge)
    side.shoulder = thorax + chestFrame([sign * (body.shoulderHalf - lift / 2), lift - 0.012, 0])
    side.elbow = side.shoulder - upperArm.y * body.upperArm
    side.wrist = side.elbow - forearm.y * body.forearm
    side.handFrame = forearm
    let thigh = pelvisFrame * ball(leg)
    let shank = thigh * .aboutX(leg.hinge)
    side.hip = pelvis + pelvisFrame([sign * body.hipHalf, -0.012, 0])
    side.knee = side.hip - thigh.y * body.thigh
    side.ankle = side.knee - shank.y * body.shank
    side.footFrame = shank * .aboutX(leg.ankle)
    return side
  }

  /// In the order of `Skeleton.mpii`.
  var mpii: [SIMD3<Double>] {
    [
      right.ankle, right.knee, right.hip, left.hip, left.knee, left.ankle, pelvis, thorax, upperNeck, headTop,
      right.wrist, right.elbow, right.shoulder, left.shoulder, left.elbow, left.wrist,
    ]
  }
}
