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
      guard hasAreas, let truth = ObjectKeypointSimilarity.Truth(joints, details, number: index) else {
        hasAreas = false
        continue
      }
      truths.append(truth)
      detections.append(
        .init(FoundPerson(imageID: truth.image, joints: positions, in: try dataset.annotation(index).square)))
    }
    if hasHeads { pckh = heads }
    if hasAreas && !truths.isEmpty {
      truths += dataset.bystanders.enumerated().compactMap { .init($1.joints, $1.details, number: ~$0) }
      averagePrecision = KeypointAveragePrecision(ObjectKeypointSimilarity(sigmas: skeleton.sigmas))
        .figures(truths, detections)
    }
  }
}
