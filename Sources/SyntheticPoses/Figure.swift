/// A posed and dressed body, projected into a picture.
struct Figure {
  /// Weak perspective: body heights to pixels, the picture's y axis pointing down.
  struct Projection {
    var scale: Double
    var x: Double
    var y: Double

    func callAsFunction(_ p: SIMD3<Double>) -> SIMD3<Float> {
      SIMD3(Float(x + scale * p.x), Float(y - scale * p.y), Float(scale * p.z))
    }

    func offset(_ v: SIMD3<Double>) -> SIMD3<Float> {
      SIMD3(Float(scale * v.x), Float(-scale * v.y), Float(scale * v.z))
    }
  }

  /// A joint's place in the picture, and whether the body itself leaves it in sight.
  struct Joint {
    var x: Double
    var y: Double
    var isVisible: Bool
  }

  let joints: FigureJoints
  let projection: Projection
  /// From the nearest to the farthest.
  let parts: [FigurePart]

  init(_ body: FigureBody, _ pose: FigurePose, _ outfit: FigureOutfit, _ joints: FigureJoints, _ projection: Projection)
  {
    self.joints = joints
    self.projection = projection
    var assembly = FigureAssembly(body: body, outfit: outfit, joints: joints, projection: projection)
    assembly.addTorso()
    assembly.addHead()
    assembly.addLimbs(joints.left, isLeft: true)
    assembly.addLimbs(joints.right, isLeft: false)
    // A skirt hangs only where both thighs hang.
    let thighs = [pose.leftLeg, pose.rightLeg]
    if outfit.wantsSkirt, thighs.allSatisfy({ abs($0.flexion) < 30 && $0.abduction < 20 }) { assembly.addSkirt() }
    parts = assembly.parts.sorted { $0.nearest > $1.nearest }
  }

  /// How far the visible surface may lie in front of a joint that counts as seen, in body heights: the flesh over
  /// it and a little more. In the order of `Skeleton.mpii`.
  private static let flesh = [
    0.06, 0.075, 0.125, 0.125, 0.075, 0.06, 0.165, 0.155, 0.105, 0.1, 0.055, 0.065, 0.095, 0.095, 0.065, 0.055,
  ]

  /// The joints in pixels, in the order of `Skeleton.mpii`.
  var projectedJoints: [Joint] {
    zip(joints.mpii, Self.flesh).map { joint, flesh in
      let point = projection(joint)
      let front = parts.reduce(-Float.infinity) { max($0, $1.depth(point.x, point.y)) }
      return Joint(
        x: projection.x + projection.scale * joint.x, y: projection.y - projection.scale * joint.y,
        isVisible: front - point.z <= Float(flesh * projection.scale))
    }
  }
}
