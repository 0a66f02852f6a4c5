import PoseData
import RunRecord

extension Checkpoint {
  /// The joints that the run learned.
  public var skeleton: Skeleton {
    get throws(DataError) { try Skeleton(json: record.skeleton.text, name: "\(path)/record.json") }
  }

  /// Refuses a set whose joints are not those that the run learned, in their order.
  public func requireSkeleton(of dataset: any PoseDataset) throws(DataError) {
    let (learned, own) = (try skeleton, dataset.skeleton)
    guard learned != own else { return }
    throw DataError(
      "data",
      "its joints are not those that \(path) has learned: \(own.jointNames.joined(separator: ", ")) and not "
        + learned.jointNames.joined(separator: ", ") + ", or they are paired or normalised in another way")
  }
}
