import Communication
import PoseData
import RunRecord

/// The samples a run learns from and those it is judged by, as the configuration names them.
public struct DataSplits: Sendable {
  public let train: any PoseDataset
  public let valid: any PoseDataset
  /// SHA-256 of what the two hold: joints and squares, not pictures.
  public let digest: String

  /// Reads the annotations; where `data.on_broken` is `fail`, every photograph has to be there.
  public init(_ configuration: Configuration) throws(DataError) {
    let data = configuration.data
    guard let train = data.split.train, let valid = data.split.valid else {
      preconditionFailure("a loaded configuration has both splits")
    }
    self.train = try configuration.dataset(train)
    self.valid = try configuration.dataset(valid)
    if data.onBroken == .fail {
      for set in [self.train, self.valid] { try (set as? PhotographDataset)?.requirePhotographs() }
    }
    guard let format = data.kind.format else {
      digest = SHA256Hex.digest(
        of: "synthetic \(train) \(valid)\n\(configuration.run.seed) \(data.imageSize) \(data.difficulty)\n")
      return
    }
    var words: [UInt64] = []
    for set in [self.train, self.valid] {
      for index in 0..<set.count {
        do throws(DataError) {
          words += Self.words(of: try set.annotation(index))
        } catch {
          // A square that only the photograph could tell.
          guard data.onBroken == .skip else { throw error }
          words.append(0)
        }
      }
    }
    digest = SHA256Hex.digest(
      of: Array("\(format.rawValue) \(train) \(valid)\n".utf8) + words.withUnsafeBytes { Array($0) })
  }

  private static func words(of annotation: PoseAnnotation) -> [UInt64] {
    var values = [annotation.centerX, annotation.centerY, annotation.side]
    for joint in annotation.joints { values += [joint.x, joint.y, joint.isLabelled ? 1 : 0] }
    return values.map(\.bitPattern.littleEndian)
  }
}

extension Configuration {
  /// Opens some of the configured data.
  public func dataset(_ selection: SampleSelection) throws(DataError) -> any PoseDataset {
    let range = selection.range.map { $0.first...$0.last }
    guard let format = data.kind.format else {
      guard let range else { preconditionFailure("a loaded configuration numbers its synthetic poses") }
      return SyntheticDataset(
        seed: run.seed, range: range, imageSize: data.imageSize, difficulty: data.difficulty)
    }
    return try PhotographFiles(format, path: data.path, annotations: data.annotations, images: data.images)
      .open(selection.part, range: range)
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
