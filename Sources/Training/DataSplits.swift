import Communication
import PoseData
import RunRecord

/// The samples a run learns from and those it is judged by, as the configuration names them.
public struct DataSplits: Sendable {
  public let train: any PoseDataset
  public let valid: any PoseDataset
  /// SHA-256 of what the two hold: ranges and annotations, not pictures.
  public let digest: String

  public init(_ configuration: Configuration) throws(DataError) {
    let data = configuration.data
    guard let train = data.split.train, let valid = data.split.valid else {
      preconditionFailure("a loaded configuration has both splits")
    }
    func open(_ range: SampleRange) throws(DataError) -> any PoseDataset {
      switch data.kind {
      case .synthetic:
        return SyntheticDataset(
          seed: configuration.run.seed, range: range.first...range.last, imageSize: data.imageSize,
          difficulty: data.difficulty)
      case .lspet: return try LSPETDataset(path: data.path, range: range.first...range.last)
      }
    }
    self.train = try open(train)
    self.valid = try open(valid)
    var text = "\(data.kind.rawValue) \(train) \(valid)\n"
    if data.kind == .synthetic {
      text += "\(configuration.run.seed) \(data.imageSize) \(data.difficulty)\n"
    } else {
      for set in [self.train, self.valid] {
        for index in 0..<set.count {
          let annotation = try set.annotation(index)
          text += annotation.joints.map { "\($0.x) \($0.y) \($0.isLabelled)" }.joined(separator: ",") + "\n"
        }
      }
    }
    digest = SHA256Hex.digest(of: text)
  }
}

extension DataSplits {
  /// Refuses ranks that see other data.
  func compare(_ communicator: any Communicator) throws {
    let own = Array(digest.utf8)
    let others = try communicator.allGather(own)
    try Together.everywhere(communicator) {
      guard let rank = others.firstIndex(where: { $0 != own }) else { return }
      throw DataError(
        "data", "rank \(communicator.rank) and rank \(rank) see different annotations; give all nodes the same files")
    }
  }
}
