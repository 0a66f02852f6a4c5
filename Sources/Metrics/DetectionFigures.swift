import PoseData

/// The figures of people found in photographs by a detector and a network together: nothing is given.
public struct DetectionFigures: Sendable {
  /// Boxes that were looked into.
  public let boxes: Int
  /// The people left of them, best first; of two who are alike in one photograph the better.
  public let people: [FoundPerson]
  /// Average precision by OKS over every photograph of the set, those in which nobody is labelled too.
  public let averagePrecision: KeypointAveragePrecision.Figures
  /// Boxes whose photograph could not be read, which counts nowhere.
  public let unread: Int

  /// - Parameters:
  ///   - dataset: who is labelled.
  ///   - detected: the boxes, in its photographs (`PhotographDataset.detected`).
  ///   - predictions: for each box the joints in the photograph's pixels; nil where it could not be read.
  public init(
    _ dataset: PhotographDataset, _ detected: PhotographDataset, _ predictions: [[JointDecoder.Position]?]
  ) throws(DataError) {
    precondition(predictions.count == detected.count, "\(predictions.count) predictions for \(detected.count) boxes")
    var found: [FoundPerson] = []
    var unreadImages: Set<Int> = []
    for (index, joints) in predictions.enumerated() {
      let details = detected.details(index)
      guard let imageID = details.imageID, let boxScore = details.boxScore else {
        preconditionFailure("\(detected.name(of: index)) is no detection")
      }
      guard let joints else {
        unreadImages.insert(imageID)
        continue
      }
      found.append(
        FoundPerson(imageID: imageID, joints: joints, in: try detected.annotation(index).square, boxScore: boxScore))
    }
    // Of a photograph that is damaged below one box, others may have been read.
    found.removeAll { unreadImages.contains($0.imageID) }
    boxes = detected.count
    unread = predictions.count { $0 == nil }
    let similarity = ObjectKeypointSimilarity(sigmas: dataset.skeleton.sigmas)
    people = similarity.distinct(found).map { found[$0] }
    var truths: [ObjectKeypointSimilarity.Truth] = []
    for index in 0..<dataset.count {
      let joints = try dataset.annotation(index).joints
      guard let truth = ObjectKeypointSimilarity.Truth(joints, dataset.details(index), number: index) else {
        throw DataError(dataset.name(of: index), "has no area, by which OKS is normalised")
      }
      truths.append(truth)
    }
    truths += dataset.bystanders.enumerated().compactMap { .init($1.joints, $1.details, number: ~$0) }
    averagePrecision = KeypointAveragePrecision(similarity).figures(
      truths.filter { !unreadImages.contains($0.image) }, people.map { .init($0) })
  }
}
