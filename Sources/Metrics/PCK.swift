import PoseData

/// Percentage of correct keypoints (Yang and Ramanan, PAMI 2013), normalised by the torso: PCK@alpha.
///
/// A joint counts as correct within alpha · ‖left shoulder − right hip‖ of the labelled one:
///
///     value = Σ_j correct_j / Σ_j total_j
///
/// over labelled joints. A person who lacks either torso joint, or whose two coincide, is left out and counted in
/// `excluded`.
public struct PCK: Sendable, Equatable {
  public let alpha: Double
  /// For each joint, those found within the distance, and those labelled.
  public private(set) var correct: [Int]
  public private(set) var total: [Int]
  /// People left out.
  public private(set) var excluded = 0
  private let leftShoulder: Int
  private let rightHip: Int

  public init(_ skeleton: Skeleton, alpha: Double = 0.2) {
    precondition(alpha > 0, "PCK at \(alpha)")
    self.alpha = alpha
    leftShoulder = skeleton.torso.leftShoulder
    rightHip = skeleton.torso.rightHip
    correct = Array(repeating: 0, count: skeleton.jointCount)
    total = correct
  }

  /// Counts the predictions of a set; nil for a sample that could not be read.
  public init(_ dataset: any PoseDataset, _ predictions: [[JointDecoder.Position]?]) throws(DataError) {
    self.init(dataset.skeleton)
    for (index, positions) in predictions.enumerated() {
      if let positions { add(positions, try dataset.annotation(index).joints) }
    }
  }

  /// Counts one person; positions are in the same pixels as the labelled joints. One that is not finite is wrong.
  public mutating func add(_ positions: [JointDecoder.Position], _ joints: [PoseAnnotation.Joint]) {
    precondition(positions.count == total.count && joints.count == total.count, "\(positions.count) joints")
    guard let isCorrect = judge(positions, joints) else {
      excluded += 1
      return
    }
    for (index, isCorrect) in isCorrect.enumerated() {
      guard let isCorrect else { continue }
      total[index] += 1
      if isCorrect { correct[index] += 1 }
    }
  }

  /// For each joint of a person whether it is found; nil where it is not labelled. No list where the torso is missing.
  public func judge(_ positions: [JointDecoder.Position], _ joints: [PoseAnnotation.Joint]) -> [Bool?]? {
    let (shoulder, hip) = (joints[leftShoulder], joints[rightHip])
    let torso = distance(shoulder.x - hip.x, shoulder.y - hip.y)
    guard shoulder.isLabelled, hip.isLabelled, torso > 0 else { return nil }
    return zip(positions, joints).map { position, joint in
      joint.isLabelled ? distance(position.x - joint.x, position.y - joint.y) <= alpha * torso : nil
    }
  }

  /// Share of all labelled joints that are correct, 0...1; none before any is counted.
  public var value: Double? { share(correct.reduce(0, +), total.reduce(0, +)) }

  /// The same for each joint; none for one that was never labelled.
  public var perJoint: [Double?] { zip(correct, total).map(share) }

  /// Mean of the joints' shares: every joint weighs the same, however often it is labelled.
  public var jointMean: Double? {
    let shares = perJoint.compactMap { $0 }
    return shares.isEmpty ? nil : shares.reduce(0, +) / Double(shares.count)
  }

  private func share(_ correct: Int, _ total: Int) -> Double? { total == 0 ? nil : Double(correct) / Double(total) }

  private func distance(_ x: Double, _ y: Double) -> Double { (x * x + y * y).squareRoot() }
}
