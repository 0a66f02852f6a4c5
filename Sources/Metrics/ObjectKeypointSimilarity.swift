import Foundation
import PoseData

/// How alike a found person and a labelled one are (COCO's keypoint evaluation, cocodataset.org/#keypoints-eval).
///
///     OKS = mean over labelled joints of exp(−d² / (2 area κ²)),   κ = 2σ
///
/// where σ says how far apart people place that joint.
public struct ObjectKeypointSimilarity: Sendable {
  /// A labelled person.
  public struct Truth: Sendable {
    public var image: Int
    /// x and y in pixels; labelled ones are 1 (hidden) or 2 (visible), others 0.
    public var joints: [(x: Double, y: Double, flag: Int)]
    /// Of the person's outline, in pixels².
    public var area: Double
    /// Left, top, width, height.
    public var box: (x: Double, y: Double, width: Double, height: Double)
    public var isCrowd: Bool

    public init(
      image: Int, joints: [(x: Double, y: Double, flag: Int)], area: Double,
      box: (x: Double, y: Double, width: Double, height: Double), isCrowd: Bool = false
    ) {
      self.image = image
      self.joints = joints
      self.area = area
      self.box = box
      self.isCrowd = isCrowd
    }

    var labelled: Int { joints.count { $0.flag > 0 } }
  }

  /// A found person.
  public struct Detection: Sendable {
    public var image: Int
    public var joints: [(x: Double, y: Double)]
    public var score: Double

    public init(image: Int, joints: [(x: Double, y: Double)], score: Double) {
      self.image = image
      self.joints = joints
      self.score = score
    }

    /// Of the box around its joints.
    var area: Double {
      let (xs, ys) = (joints.map(\.x), joints.map(\.y))
      return (xs.max()! - xs.min()!) * (ys.max()! - ys.min()!)
    }
  }

  /// Of two found people in one photograph that are more alike than this, one is dropped.
  private static let duplicate = 0.9

  private let variances: [Double]

  public init(sigmas: [Double] = Skeleton.coco.sigmas) {
    variances = sigmas.map { (2 * $0) * (2 * $0) }
  }

  /// Where no joint is labelled, distances are those outside of the box enlarged to three times its sides.
  public func callAsFunction(_ detection: Detection, _ truth: Truth) -> Double {
    precondition(detection.joints.count == variances.count && truth.joints.count == variances.count)
    let labelled = truth.labelled
    let box = truth.box
    var sum = 0.0
    for (index, joint) in truth.joints.enumerated() where joint.flag > 0 || labelled == 0 {
      let found = detection.joints[index]
      var (dx, dy) = (found.x - joint.x, found.y - joint.y)
      if labelled == 0 {
        dx = max(0, box.x - box.width - found.x) + max(0, found.x - (box.x + 2 * box.width))
        dy = max(0, box.y - box.height - found.y) + max(0, found.y - (box.y + 2 * box.height))
      }
      sum += exp(-(dx * dx + dy * dy) / variances[index] / (truth.area + 0x1p-52) / 2)
    }
    return sum / Double(labelled == 0 ? variances.count : labelled)
  }

  /// The places of those of `people` that are left when, of two in one photograph who are alike, the one with the lower
  /// score is dropped, or the later one of equals; best first.
  ///
  /// All joints of both count, and the mean of their areas (Papandreou et al., "Towards accurate multi-person pose
  /// estimation in the wild", CVPR 2017).
  public func distinct(_ people: [FoundPerson]) -> [Int] {
    let order = people.indices.sorted { (people[$1].score, $0) < (people[$0].score, $1) }
    var kept: [Int: [Int]] = [:]
    return order.filter { place in
      let person = people[place]
      let isNew = (kept[person.imageID] ?? []).allSatisfy { alike(person, people[$0]) <= Self.duplicate }
      if isNew { kept[person.imageID, default: []].append(place) }
      return isNew
    }
  }

  private func alike(_ one: FoundPerson, _ other: FoundPerson) -> Double {
    precondition(one.joints.count == variances.count && other.joints.count == variances.count)
    let area = (one.area + other.area) / 2
    let terms = variances.indices.map { joint in
      let (dx, dy) = (one.joints[joint].x - other.joints[joint].x, one.joints[joint].y - other.joints[joint].y)
      return exp(-(dx * dx + dy * dy) / variances[joint] / (area + 0x1p-52) / 2)
    }
    return terms.reduce(0, +) / Double(terms.count)
  }
}
