import PoseData

/// Percentage of correct keypoints, normalised by the head (Andriluka et al., CVPR 2014): PCKh@alpha.
///
/// A joint counts as correct within alpha times the head's size of the labelled one. MPII takes 0.6 times the diagonal of
/// the head's box for that size. Errors are counted at the thresholds 0, 0.01, 0.02 … 0.5, which give the curve and the
/// area under it as well.
public struct PCKh: Sendable, Equatable {
  /// Thresholds are hundredths, from 0 to this.
  public static let mostHundredths = 50

  /// Which joints the means are over: MPII's leave pelvis and thorax out.
  public let scored: [Int]
  /// For each threshold in hundredths and each joint, those found within it; joints fastest.
  private var correct: [Int]
  /// For each joint, those labelled.
  public private(set) var total: [Int]
  /// People without a head's size, left out.
  public private(set) var excluded = 0

  /// - Parameter leavingOut: joints, by name, that the means do not count.
  public init(_ skeleton: Skeleton, leavingOut: Set<String> = ["pelvis", "thorax"]) {
    scored = (0..<skeleton.jointCount).filter { !leavingOut.contains(skeleton.jointNames[$0]) }
    total = Array(repeating: 0, count: skeleton.jointCount)
    correct = Array(repeating: 0, count: skeleton.jointCount * (Self.mostHundredths + 1))
  }

  /// Counts one person; positions are in the same pixels as the labelled joints. One that is not finite is wrong.
  ///
  /// - Parameter headSize: in pixels.
  public mutating func add(
    _ positions: [JointDecoder.Position], _ joints: [PoseAnnotation.Joint], headSize: Double
  ) {
    precondition(positions.count == total.count && joints.count == total.count, "\(positions.count) joints")
    guard headSize > 0 else {
      excluded += 1
      return
    }
    for (index, joint) in joints.enumerated() where joint.isLabelled {
      total[index] += 1
      let (x, y) = (positions[index].x - joint.x, positions[index].y - joint.y)
      let error = (x * x + y * y).squareRoot() / headSize
      for hundredths in 0...Self.mostHundredths where error <= Double(hundredths) / 100 {
        correct[hundredths * total.count + index] += 1
      }
    }
  }

  /// For each joint its share of correct ones, 0...1, within a threshold in hundredths; none where it was never labelled.
  public func perJoint(at hundredths: Int) -> [Double?] {
    total.indices.map { joint in
      total[joint] == 0 ? nil : Double(correct[hundredths * total.count + joint]) / Double(total[joint])
    }
  }

  /// Mean of the scored joints' shares: every joint weighs the same.
  public func jointMean(at hundredths: Int) -> Double? {
    let shares = perJoint(at: hundredths)
    let present = scored.compactMap { shares[$0] }
    return present.isEmpty ? nil : present.reduce(0, +) / Double(present.count)
  }

  /// Share of all scored joints that are correct: every labelled joint of every person weighs the same.
  public func countWeightedMean(at hundredths: Int) -> Double? {
    let all = scored.reduce(0) { $0 + total[$1] }
    return all == 0 ? nil : Double(scored.reduce(0) { $0 + correct[hundredths * total.count + $1] }) / Double(all)
  }

  /// Area under the curve of the count-weighted mean over thresholds from 0 to 0.5, by trapezoids, divided by 0.5.
  public var areaUnderCurve: Double? {
    let curve = (0...Self.mostHundredths).compactMap { countWeightedMean(at: $0) }
    guard curve.count == Self.mostHundredths + 1 else { return nil }
    return zip(curve, curve.dropFirst()).reduce(0) { $0 + ($1.0 + $1.1) / 2 } / Double(Self.mostHundredths)
  }
}
