import Tensors

/// Draws poses: everyday ones, sports, and some that are merely possible.
struct FigurePoseSampler {
  enum Family: CaseIterable {
    case standing, walking, running, armsUp, crouching, sitting, bending, lying, jumping, kicking, lunging
    case throwing, handstand, free

    /// How often a family is drawn, of their sum.
    var weight: Double {
      switch self {
      case .standing: 2
      case .handstand: 0.4
      case .lying: 0.7
      case .armsUp: 1.3
      default: 1
      }
    }

    /// Whether the figure stands on something, so that a shadow under its feet makes sense.
    var isGrounded: Bool { self != .jumping && self != .lying && self != .free && self != .handstand }
  }

  var random: CounterRandom
  let difficulty: Double
  /// Factor on the range of every angle.
  private var spread: Double { 0.45 + 0.9 * difficulty }

  mutating func draw() -> (FigurePose, Family) {
    let family = drawFamily()
    var pose = body(family)
    pose.spine.side += around(0, 10)
    pose.spine.twist += around(0, 14)
    pose.neck = (around(0, 22), around(0, 14), around(0, 35))
    view(&pose, family)
    pose.limitToHumanRange()
    return (random.uniform() < 0.5 ? pose : pose.mirrored, family)
  }

  private mutating func drawFamily() -> Family {
    var left = random.uniform() * Family.allCases.reduce(0) { $0 + $1.weight }
    for family in Family.allCases {
      left -= family.weight
      if left < 0 { return family }
    }
    return .standing
  }

  /// Uniform between two angles, its spread about the middle scaled by the difficulty.
  private mutating func angle(_ lower: Double, _ upper: Double) -> Double {
    around((lower + upper) / 2, (upper - lower) / 2)
  }

  private mutating func around(_ middle: Double, _ deviation: Double) -> Double {
    middle + random.uniform(-deviation, deviation) * spread
  }

  /// Camera height, azimuth and the rotation in the picture.
  private mutating func view(_ pose: inout FigurePose, _ family: Family) {
    pose.elevation = angle(-15, 30)
    let backShare = 0.36 * difficulty
    let share = random.uniform()
    if share < backShare {
      pose.azimuth = random.uniform(130, 230)
    } else if share < backShare + 0.25 {
      pose.azimuth = random.uniform(50, 130) * (random.uniform() < 0.5 ? 1 : -1)
    } else {
      pose.azimuth = random.uniform(-50, 50)
    }
    // The sum of three uniforms is near enough to a bell.
    let bell = random.uniform(-1, 1) + random.uniform(-1, 1) + random.uniform(-1, 1)
    pose.roll = bell * 24 * spread
    if random.uniform() < 0.16 * difficulty { pose.roll = random.uniform(-180, 180) }
    switch family {
    case .handstand: pose.roll = 180 + bell * 40
    case .lying:
      // Seen from the side, or from above with the body across the picture.
      pose.azimuth = random.uniform(60, 120) * (random.uniform() < 0.5 ? 1 : -1)
      pose.elevation = random.uniform(5, 65)
      pose.roll = bell * 15
    default: break
    }
  }

  private mutating func body(_ family: Family) -> FigurePose {
    var pose = FigurePose()
    switch family {
    case .standing:
      pose.leftLeg = leg(flexion: (-6, 14), hinge: (0, 12))
      pose.rightLeg = leg(flexion: (-6, 14), hinge: (0, 12))
      pose.leftArm = arm()
      pose.rightArm = arm()
      pose.spine.flexion = angle(-5, 10)
    case .walking:
      pose.leftLeg = leg(flexion: (15, 38), hinge: (0, 18))
      pose.rightLeg = leg(flexion: (-26, -8), hinge: (5, 45), ankle: (0, 35))
      pose.leftArm = arm(flexion: (-38, -8), abduction: (4, 18), hinge: (8, 45))
      pose.rightArm = arm(flexion: (10, 48), abduction: (4, 18), hinge: (12, 60))
      pose.spine.flexion = angle(0, 12)
    case .running:
      pose.leftLeg = leg(flexion: (40, 95), hinge: (50, 115))
      pose.rightLeg = leg(flexion: (-30, -5), hinge: (10, 95), ankle: (10, 40))
      pose.leftArm = arm(flexion: (-48, -15), abduction: (8, 30), hinge: (65, 115))
      pose.rightArm = arm(flexion: (20, 70), abduction: (4, 22), hinge: (65, 120))
      pose.spine.flexion = angle(2, 24)
      pose.pitch = angle(0, 16)
    case .armsUp:
      pose.leftLeg = leg(flexion: (-6, 14), abduction: (2, 28), hinge: (0, 15))
      pose.rightLeg = leg(flexion: (-6, 14), abduction: (2, 28), hinge: (0, 15))
      pose.leftArm = raisedArm()
      pose.rightArm = raisedArm()
      pose.spine.flexion = angle(-15, 8)
    case .crouching:
      pose.leftLeg = leg(flexion: (80, 122), abduction: (5, 42), hinge: (85, 140), ankle: (-15, 10))
      pose.rightLeg = leg(flexion: (80, 122), abduction: (5, 42), hinge: (85, 140), ankle: (-15, 10))
      pose.leftArm = arm(flexion: (10, 100), abduction: (5, 45), hinge: (10, 110))
      pose.rightArm = arm(flexion: (10, 100), abduction: (5, 45), hinge: (10, 110))
      pose.spine.flexion = angle(5, 45)
      pose.pitch = angle(5, 35)
    case .sitting:
      pose.leftLeg = leg(flexion: (72, 102), abduction: (0, 30), hinge: (50, 112))
      pose.rightLeg = leg(flexion: (72, 102), abduction: (0, 30), hinge: (50, 112))
      pose.leftArm = arm()
      pose.rightArm = arm()
      pose.spine.flexion = angle(0, 28)
      pose.pitch = angle(-18, 10)
    case .bending:
      pose.pitch = angle(25, 75)
      pose.leftLeg = leg(flexion: (pose.pitch - 12, pose.pitch + 20), hinge: (0, 50))
      pose.rightLeg = leg(flexion: (pose.pitch - 12, pose.pitch + 20), hinge: (0, 50))
      pose.leftArm = arm(flexion: (40, 125), abduction: (0, 35), hinge: (5, 70))
      pose.rightArm = arm(flexion: (40, 125), abduction: (0, 35), hinge: (5, 70))
      pose.spine.flexion = angle(10, 55)
    case .lying:
      pose.pitch = angle(76, 104) * (random.uniform() < 0.5 ? 1 : -1)
      pose.leftLeg = leg(flexion: (-8, 60), abduction: (0, 25), hinge: (0, 95), ankle: (20, 45))
      pose.rightLeg = leg(flexion: (-8, 60), abduction: (0, 25), hinge: (0, 95), ankle: (20, 45))
      pose.leftArm = arm()
      pose.rightArm = arm()
    case .jumping:
      let tuck = random.uniform() < 0.5
      for limb in [\FigurePose.leftLeg, \.rightLeg] {
        pose[keyPath: limb] =
          tuck
          ? leg(flexion: (20, 110), abduction: (0, 25), hinge: (30, 130), ankle: (10, 45))
          : leg(flexion: (-20, 40), abduction: (15, 58), hinge: (0, 60), ankle: (10, 45))
      }
      pose.leftArm = raisedArm()
      pose.rightArm = random.uniform() < 0.5 ? raisedArm() : arm()
      pose.spine.flexion = angle(-20, 25)
    case .kicking:
      pose.leftLeg = leg(flexion: (45, 120), abduction: (0, 45), hinge: (0, 45), ankle: (5, 40))
      pose.rightLeg = leg(flexion: (-8, 12), hinge: (0, 25))
      pose.leftArm = arm(flexion: (-40, 20), abduction: (20, 95), hinge: (5, 60))
      pose.rightArm = arm(flexion: (0, 80), abduction: (20, 95), hinge: (5, 80))
      pose.spine.flexion = angle(0, 25)
      pose.pitch = angle(-25, 10)
    case .lunging:
      pose.leftLeg = leg(flexion: (55, 95), hinge: (60, 105))
      pose.rightLeg = leg(flexion: (-34, -8), hinge: (0, 70), ankle: (0, 40))
      pose.leftArm = arm()
      pose.rightArm = arm()
      pose.spine.flexion = angle(0, 30)
      pose.pitch = angle(0, 20)
    case .throwing:
      pose.leftLeg = leg(flexion: (10, 60), hinge: (0, 60))
      pose.rightLeg = leg(flexion: (-30, 0), hinge: (0, 60), ankle: (0, 35))
      pose.leftArm = arm(flexion: (40, 110), abduction: (0, 50), hinge: (0, 60))
      pose.rightArm = arm(flexion: (-20, 60), abduction: (85, 150), twist: (-90, -40), hinge: (10, 115))
      pose.spine = (angle(-15, 15), 0, angle(-15, 35))
    case .handstand:
      pose.leftLeg = leg(flexion: (-25, 60), abduction: (0, 55), hinge: (0, 50), ankle: (25, 45))
      pose.rightLeg = leg(flexion: (-25, 60), abduction: (0, 55), hinge: (0, 50), ankle: (25, 45))
      pose.leftArm = arm(flexion: (160, 180), abduction: (2, 35), hinge: (0, 25))
      pose.rightArm = arm(flexion: (160, 180), abduction: (2, 35), hinge: (0, 25))
      pose.spine.flexion = angle(-20, 10)
    case .free:
      pose.leftLeg = leg(flexion: (-25, 100), abduction: (-2, 50), hinge: (0, 120), ankle: (0, 40))
      pose.rightLeg = leg(flexion: (-25, 100), abduction: (-2, 50), hinge: (0, 120), ankle: (0, 40))
      pose.leftArm = arm(flexion: (-30, 170), abduction: (0, 120), twist: (-70, 60), hinge: (0, 130))
      pose.rightArm = arm(flexion: (-30, 170), abduction: (0, 120), twist: (-70, 60), hinge: (0, 130))
      pose.spine.flexion = angle(-20, 50)
      pose.pitch = angle(-20, 45)
    }
    return pose
  }

  private typealias Between = (Double, Double)

  private mutating func leg(
    flexion: Between, abduction: Between = (0, 14), hinge: Between, ankle: Between = (-5, 12)
  ) -> FigurePose.Limb {
    FigurePose.Limb(
      flexion: angle(flexion.0, flexion.1), abduction: angle(abduction.0, abduction.1), twist: angle(-25, 5),
      hinge: angle(hinge.0, hinge.1), ankle: angle(ankle.0, ankle.1))
  }

  private mutating func arm(
    flexion: Between, abduction: Between, twist: Between = (-10, 30), hinge: Between
  ) -> FigurePose.Limb {
    FigurePose.Limb(
      flexion: angle(flexion.0, flexion.1), abduction: angle(abduction.0, abduction.1),
      twist: angle(twist.0, twist.1), hinge: angle(hinge.0, hinge.1))
  }

  private mutating func raisedArm() -> FigurePose.Limb {
    random.uniform() < 0.5
      ? arm(flexion: (125, 180), abduction: (2, 40), hinge: (0, 90))
      : arm(flexion: (-10, 25), abduction: (85, 160), twist: (-90, -30), hinge: (0, 90))
  }

  /// What arms do when nothing else claims them: hang, rest on the hip, point, wave, reach up or touch the face.
  private mutating func arm() -> FigurePose.Limb {
    switch random.integer(below: 7) {
    case 0, 1: arm(flexion: (-18, 25), abduction: (4, 28), hinge: (3, 45))
    case 2: arm(flexion: (-25, 5), abduction: (30, 58), twist: (45, 80), hinge: (70, 120))
    case 3: arm(flexion: (45, 110), abduction: (0, 55), hinge: (0, 70))
    case 4: arm(flexion: (-10, 25), abduction: (75, 150), twist: (-90, -40), hinge: (10, 115))
    case 5: arm(flexion: (35, 80), abduction: (5, 40), twist: (0, 50), hinge: (85, 140))
    default: raisedArm()
    }
  }
}
