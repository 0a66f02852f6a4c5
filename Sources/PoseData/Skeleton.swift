/// The joints that a data set labels, in its order.
public struct Skeleton: Sendable, Equatable {
  public let jointNames: [String]
  /// Pairs that change places when a picture is mirrored.
  public let flipPairs: [(Int, Int)]
  /// Pairs joined by a line when a skeleton is drawn.
  public let limbs: [(Int, Int)]
  /// The two joints whose distance normalises PCK: left shoulder and right hip.
  public let torso: (leftShoulder: Int, rightHip: Int)
  /// For each joint how far apart people place it, over the square root of the person's area (OKS); empty where nobody
  /// has measured it.
  public let sigmas: [Double]

  public init(
    jointNames: [String], flipPairs: [(Int, Int)], limbs: [(Int, Int)], torso: (leftShoulder: Int, rightHip: Int),
    sigmas: [Double] = []
  ) {
    self.jointNames = jointNames
    self.flipPairs = flipPairs
    self.limbs = limbs
    self.torso = torso
    self.sigmas = sigmas
  }

  public var jointCount: Int { jointNames.count }

  /// For each joint the one that takes its place in a mirrored picture.
  public var mirrored: [Int] {
    var order = Array(0..<jointCount)
    for (left, right) in flipPairs { order.swapAt(left, right) }
    return order
  }

  public static func == (a: Skeleton, b: Skeleton) -> Bool {
    a.jointNames == b.jointNames && a.mirrored == b.mirrored && a.torso == b.torso && a.sigmas == b.sigmas
  }

  /// MPII's sixteen joints (Andriluka et al., CVPR 2014), in its order.
  public static let mpii = Skeleton(
    jointNames: [
      "right ankle", "right knee", "right hip", "left hip", "left knee", "left ankle", "pelvis", "thorax",
      "upper neck", "head top", "right wrist", "right elbow", "right shoulder", "left shoulder", "left elbow",
      "left wrist",
    ],
    flipPairs: [(0, 5), (1, 4), (2, 3), (10, 15), (11, 14), (12, 13)],
    limbs: [
      (0, 1), (1, 2), (2, 6), (3, 6), (3, 4), (4, 5), (6, 7), (7, 8), (8, 9), (10, 11), (11, 12), (12, 7), (13, 7),
      (13, 14), (14, 15),
    ],
    torso: (leftShoulder: 13, rightHip: 2))

  /// The fourteen joints of Leeds Sports Pose and its extended set (Johnson and Everingham, 2010 and 2011).
  public static let lsp = Skeleton(
    jointNames: [
      "right ankle", "right knee", "right hip", "left hip", "left knee", "left ankle", "right wrist", "right elbow",
      "right shoulder", "left shoulder", "left elbow", "left wrist", "neck", "head top",
    ],
    flipPairs: [(0, 5), (1, 4), (2, 3), (6, 11), (7, 10), (8, 9)],
    limbs: [
      (0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (2, 8), (3, 9), (6, 7), (7, 8), (8, 12), (9, 12), (9, 10), (10, 11),
      (12, 13),
    ],
    torso: (leftShoulder: 9, rightHip: 2))

  /// COCO's seventeen joints, in its order, with its σ.
  public static let coco = Skeleton(
    jointNames: [
      "nose", "left eye", "right eye", "left ear", "right ear", "left shoulder", "right shoulder", "left elbow",
      "right elbow", "left wrist", "right wrist", "left hip", "right hip", "left knee", "right knee", "left ankle",
      "right ankle",
    ],
    flipPairs: [(1, 2), (3, 4), (5, 6), (7, 8), (9, 10), (11, 12), (13, 14), (15, 16)],
    limbs: [
      (15, 13), (13, 11), (16, 14), (14, 12), (11, 12), (5, 11), (6, 12), (5, 6), (5, 7), (6, 8), (7, 9), (8, 10),
      (1, 2), (0, 1), (0, 2), (1, 3), (2, 4), (3, 5), (4, 6),
    ],
    torso: (leftShoulder: 5, rightHip: 12),
    sigmas: [
      0.026, 0.025, 0.025, 0.035, 0.035, 0.079, 0.079, 0.072, 0.072, 0.062, 0.062, 0.107, 0.107, 0.087, 0.087, 0.089,
      0.089,
    ])
}
