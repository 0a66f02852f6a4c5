/// The joints that a data set labels, in its order.
public struct Skeleton: Sendable, Equatable {
  public let jointNames: [String]
  /// Pairs that change places when a picture is mirrored.
  public let flipPairs: [(Int, Int)]
  /// Pairs joined by a line when a skeleton is drawn.
  public let limbs: [(Int, Int)]
  /// The two joints whose distance normalises PCK: left shoulder and right hip.
  public let torso: (leftShoulder: Int, rightHip: Int)

  public var jointCount: Int { jointNames.count }

  /// For each joint the one that takes its place in a mirrored picture.
  public var mirrored: [Int] {
    var order = Array(0..<jointCount)
    for (left, right) in flipPairs { order.swapAt(left, right) }
    return order
  }

  public static func == (a: Skeleton, b: Skeleton) -> Bool {
    a.jointNames == b.jointNames && a.mirrored == b.mirrored && a.torso == b.torso
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
}
