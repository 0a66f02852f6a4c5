/// Draws a person's skeleton on a picture: limbs as lines, joints as discs.
///
/// The person's right is in warm colours and the left in cold ones, arms lighter than legs; trunk and head are green.
/// A dark rim keeps the lines apart from any background.
public struct SkeletonDrawing: Sendable {
  /// Width of a limb's line in pixels, its rim not counted.
  public var lineWidth: Double
  public var opacity = 0.95
  private let skeleton: Skeleton
  private let limbColors: [RGBImage.Color]
  private let jointColors: [RGBImage.Color]

  private enum Part {
    case arm, leg, trunk
  }

  private enum Side: Equatable {
    case left, right, middle
  }

  /// - Parameter lineWidth: in pixels; a person that fills a picture of side s looks well with about s / 64.
  public init(_ skeleton: Skeleton, lineWidth: Double) {
    self.skeleton = skeleton
    self.lineWidth = lineWidth
    let names = skeleton.jointNames
    limbColors = skeleton.limbs.map { start, end in
      let (a, b) = (Self.side(names[start]), Self.side(names[end]))
      let ends = [names[start], names[end]]
      let part: Part =
        ends.contains { $0.hasSuffix("knee") || $0.hasSuffix("ankle") }
        ? .leg : ends.contains { $0.hasSuffix("elbow") || $0.hasSuffix("wrist") } ? .arm : .trunk
      return Self.color(part, a == b ? a : .middle)
    }
    jointColors = names.map { name in
      let isLeg = ["ankle", "knee", "hip"].contains { name.hasSuffix($0) }
      let side = Self.side(name)
      return Self.color(side == .middle ? .trunk : isLeg ? .leg : .arm, side)
    }
  }

  /// Draws on `image`, in its pixels; only labelled joints, and limbs whose two ends are labelled, are drawn.
  public func draw(_ joints: [PoseAnnotation.Joint], on image: inout RGBImage) {
    precondition(joints.count == skeleton.jointCount, "\(joints.count) joints")
    let rim = max(1, lineWidth * 0.3)
    let limbs = zip(skeleton.limbs, limbColors).filter { limb, _ in
      joints[limb.0].isLabelled && joints[limb.1].isLabelled
    }
    func point(_ joint: Int) -> (x: Double, y: Double) { (joints[joint].x, joints[joint].y) }
    for (limb, _) in limbs {
      image.drawLine(
        from: point(limb.0), to: point(limb.1), width: lineWidth + 2 * rim, color: .black, opacity: 0.55 * opacity)
    }
    for (limb, color) in limbs {
      image.drawLine(from: point(limb.0), to: point(limb.1), width: lineWidth, color: color, opacity: opacity)
    }
    for (joint, color) in jointColors.enumerated() where joints[joint].isLabelled {
      let radius = lineWidth * 0.95
      image.drawDisc(at: point(joint), radius: radius + rim, color: .black, opacity: 0.55 * opacity)
      image.drawDisc(at: point(joint), radius: radius, color: .white, opacity: opacity)
      image.drawDisc(at: point(joint), radius: radius * 0.62, color: color, opacity: opacity)
    }
  }

  private static func side(_ name: String) -> Side {
    name.hasPrefix("left") ? .left : name.hasPrefix("right") ? .right : .middle
  }

  private static func color(_ part: Part, _ side: Side) -> RGBImage.Color {
    switch (part, side) {
    case (.leg, .right): return RGBImage.Color(222, 53, 58)
    case (.arm, .right): return RGBImage.Color(255, 154, 46)
    case (.leg, .left): return RGBImage.Color(52, 96, 226)
    case (.arm, .left): return RGBImage.Color(52, 190, 235)
    default: return RGBImage.Color(108, 205, 96)
    }
  }
}
