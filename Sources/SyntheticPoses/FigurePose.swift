/// The joint angles of an articulated figure, in degrees; all zero is standing with hanging arms.
struct FigurePose {
  /// Angles of a ball joint and the hinge below it: hip and knee, or shoulder and elbow.
  struct Limb {
    /// Forwards, positive.
    var flexion = 0.0
    /// Away from the body's middle plane.
    var abduction = 0.0
    /// About the limb's own axis, positive inwards.
    var twist = 0.0
    /// Of knee or elbow.
    var hinge = 0.0
    /// Of the ankle, toes down positive.
    var ankle = 0.0
  }

  var spine = (flexion: 0.0, side: 0.0, twist: 0.0)
  var neck = (flexion: 0.0, side: 0.0, twist: 0.0)
  var leftArm = Limb()
  var rightArm = Limb()
  var leftLeg = Limb()
  var rightLeg = Limb()
  /// How far the whole body leans forwards; 90 lies face down.
  var pitch = 0.0
  /// How far the camera looks down on the figure.
  var elevation = 0.0
  /// How far the figure is turned away: 0 faces the camera, 180 shows its back.
  var azimuth = 0.0
  /// Rotation in the picture's plane.
  var roll = 0.0

  /// From the figure's axes (its left, up, its front) to the camera's (right, up, towards the camera).
  var root: FigureRotation {
    .aboutZ(roll) * .aboutX(elevation) * .aboutY(azimuth) * .aboutX(pitch)
  }

  /// The pose seen in a mirror.
  var mirrored: FigurePose {
    var pose = self
    swap(&pose.leftArm, &pose.rightArm)
    swap(&pose.leftLeg, &pose.rightLeg)
    pose.spine.side = -spine.side
    pose.spine.twist = -spine.twist
    pose.neck.side = -neck.side
    pose.neck.twist = -neck.twist
    pose.azimuth = -azimuth
    pose.roll = -roll
    return pose
  }

  /// Brings every angle into the range that a human joint has.
  mutating func limitToHumanRange() {
    func limit(_ angle: inout Double, _ range: ClosedRange<Double>) {
      angle = min(max(angle, range.lowerBound), range.upperBound)
    }
    limit(&spine.flexion, -25...75)
    limit(&spine.side, -30...30)
    limit(&spine.twist, -40...40)
    limit(&neck.flexion, -40...45)
    limit(&neck.side, -30...30)
    limit(&neck.twist, -60...60)
    for arm in [\FigurePose.leftArm, \.rightArm] {
      limit(&self[keyPath: arm].flexion, -50...180)
      limit(&self[keyPath: arm].abduction, -10...165)
      limit(&self[keyPath: arm].twist, -90...80)
      limit(&self[keyPath: arm].hinge, 0...145)
    }
    for leg in [\FigurePose.leftLeg, \.rightLeg] {
      limit(&self[keyPath: leg].flexion, -35...125)
      limit(&self[keyPath: leg].abduction, -8...60)
      limit(&self[keyPath: leg].twist, -35...30)
      limit(&self[keyPath: leg].hinge, 0...145)
      limit(&self[keyPath: leg].ankle, -15...45)
    }
  }
}
