import PoseData

/// The figures of a set of predictions that its field quotes.
public struct PoseFigures: Sendable {
  /// PCK@0.2 by the torso, for every set.
  public let pck: PCK
  /// PCKh, where the set tells the sizes of heads.
  public private(set) var pckh: PCKh?
  /// Average precision by OKS, each person's own square being given, where the set tells areas and σ.
  public private(set) var averagePrecision: KeypointAveragePrecision.Figures?
  /// Samples without a prediction: they could not be read, and count nowhere.
  public private(set) var unread = 0

  /// - Parameter predictions: for each sample the joints in the photograph's pixels; nil where it could not be read.
  public init(_ dataset: any PoseDataset, _ predictions: [[JointDecoder.Position]?]) throws(DataError) {
    precondition(predictions.count == dataset.count, "\(predictions.count) predictions for \(dataset.count) samples")
    let skeleton = dataset.skeleton
    pck = try PCK(dataset, predictions)
    var heads = PCKh(skeleton)
    var (hasHeads, hasAreas) = (false, !skeleton.sigmas.isEmpty)
    var truths: [ObjectKeypointSimilarity.Truth] = []
    var detections: [ObjectKeypointSimilarity.Detection] = []
    for (index, positions) in predictions.enumerated() {
      guard let positions else {
        unread += 1
        continue
      }
      let (joints, details) = (try dataset.annotation(index).joints, dataset.details(index))
      hasHeads = hasHeads || details.headSize != nil
      heads.add(positions, joints, headSize: details.headSize ?? 0)
      guard hasAreas, let truth = Self.truth(joints, details, image: index) else {
        hasAreas = false
        continue
      }
      truths.append(truth)
      detections.append(
        .init(
          image: truth.image, joints: positions.map { ($0.x, $0.y) },
          score: positions.map(\.score).reduce(0, +) / Double(positions.count)))
    }
    if hasHeads { pckh = heads }
    if hasAreas && !truths.isEmpty {
      truths += dataset.bystanders.enumerated().compactMap { Self.truth($1.joints, $1.details, image: ~$0) }
      averagePrecision = KeypointAveragePrecision(ObjectKeypointSimilarity(sigmas: skeleton.sigmas))
        .figures(truths, detections)
    }
  }

  /// - Parameter image: for a person whose photograph has no number.
  private static func truth(
    _ joints: [PoseAnnotation.Joint], _ details: PersonDetails, image: Int
  ) -> ObjectKeypointSimilarity.Truth? {
    guard let area = details.area, let box = details.box else { return nil }
    return .init(
      image: details.imageID ?? image,
      joints: joints.map { ($0.x, $0.y, $0.isLabelled ? ($0.isVisible ? 2 : 1) : 0) }, area: area,
      box: (box[0], box[1], box[2], box[3]), isCrowd: details.isCrowd)
  }
}
