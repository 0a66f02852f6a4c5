import Platform
import PoseData

/// The samples a run learns from and those it is judged by, as the configuration names them.
public struct DataSplits: Sendable {
  public let train: any PoseDataset
  public let valid: any PoseDataset
  /// SHA-256 of what the two hold: joints and squares, not pictures.
  public let digest: String

  public init(_ configuration: Configuration) throws(DataError) {
    train = try configuration.usableDataset(.train)
    valid = try configuration.usableDataset(.valid)
    var text = ""
    var words: [UInt64] = []
    for (part, set) in [(PhotographFiles.Part.train, train), (.valid, valid)] {
      for source in configuration.sources(part) {
        text += "\(source.kind.rawValue) \(source.selection) \(source.weight) \(source.joints)\n"
      }
      // What is drawn follows from its numbers.
      if configuration.data.kind == .synthetic { continue }
      for index in 0..<set.count {
        do throws(DataError) {
          words += Self.words(of: try set.annotation(index))
        } catch {
          // A square that only the photograph could tell.
          guard configuration.data.onBroken == .skip else { throw error }
          words.append(0)
        }
      }
    }
    text += "\(train.skeleton.json.text) \(valid.skeleton.json.text)\n"
    text += "\(configuration.run.seed) \(configuration.data.imageSize) \(configuration.data.difficulty)\n"
    digest = SHA256.digest(of: Array(text.utf8) + words.withUnsafeBytes { Array($0) })
  }

  private static func words(of annotation: PoseAnnotation) -> [UInt64] {
    var values = [annotation.centerX, annotation.centerY, annotation.side]
    for joint in annotation.joints { values += [joint.x, joint.y, joint.isLabelled ? 1 : 0] }
    return values.map(\.bitPattern.littleEndian)
  }
}
