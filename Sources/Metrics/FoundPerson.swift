import PoseData

/// A person in a photograph, given joints by a network.
public struct FoundPerson: Sendable, Equatable {
  /// Peaks that are lower say nothing of the person.
  private static let lowestPeak = 0.2

  /// The photograph's number.
  public let imageID: Int
  /// In the photograph's pixels.
  public let joints: [JointDecoder.Position]
  /// Of the square that the person was looked for in, in pixels².
  public let area: Double
  /// How sure this is a person with these joints.
  public let score: Double

  /// A person in a detector's box: its score is the box's, times the mean of the peaks above 0.2 (Sun et al., "Deep
  /// high-resolution representation learning for human pose estimation", CVPR 2019).
  public init(imageID: Int, joints: [JointDecoder.Position], in square: PoseAnnotation.Square, boxScore: Double) {
    self.imageID = imageID
    self.joints = joints
    area = square.side * square.side
    let peaks = joints.map(\.score).filter { $0 > Self.lowestPeak }
    score = peaks.isEmpty ? 0 : boxScore * peaks.reduce(0, +) / Double(peaks.count)
  }

  /// A person who was known to be there: its score is the mean of the peaks.
  public init(imageID: Int, joints: [JointDecoder.Position], in square: PoseAnnotation.Square) {
    self.imageID = imageID
    self.joints = joints
    area = square.side * square.side
    score = joints.map(\.score).reduce(0, +) / Double(joints.count)
  }
}

extension ObjectKeypointSimilarity.Detection {
  init(_ person: FoundPerson) {
    self.init(image: person.imageID, joints: person.joints.map { ($0.x, $0.y) }, score: person.score)
  }
}

extension ObjectKeypointSimilarity.Truth {
  /// Nil for a person of whom the set tells no area or box.
  ///
  /// - Parameter number: for a person whose photograph has no number.
  init?(_ joints: [PoseAnnotation.Joint], _ details: PersonDetails, number: Int) {
    guard let area = details.area, let box = details.box else { return nil }
    self.init(
      image: details.imageID ?? number,
      joints: joints.map { ($0.x, $0.y, $0.isLabelled ? ($0.isVisible ? 2 : 1) : 0) }, area: area,
      box: (box[0], box[1], box[2], box[3]), isCrowd: details.isCrowd)
  }
}
