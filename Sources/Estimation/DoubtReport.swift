import Metrics
import Platform
import PoseData

/// Whether the discriminator's doubt is worth anything: how well it tells wrong joints from right ones, beside the
/// heatmap's peak alone.
///
/// A joint is wrong where it is not found by PCK@0.2; people lacking a torso are left out.
public struct DoubtReport {
  /// For one joint, or all together.
  public struct Row {
    public let name: String
    public let right, wrong: Int
    /// Areas under the curve: of doubt, and of a low peak; nil where all joints are right or all wrong.
    public let doubt, peak: Double?
  }

  public private(set) var rows: [Row] = []
  /// Everyone's joints in one.
  public private(set) var all: Row

  private struct Sample {
    let joint: Int
    let isWrong: Bool
    let doubt, peak: Double
  }

  /// Looks at every sample of a labelled set once.
  ///
  /// - Parameter onBroken: `skip` leaves out what cannot be read.
  public init(
    _ dataset: any PoseDataset, _ critic: PoseCritic, onBroken: BrokenSamplePolicy = .fail
  ) throws(DataError) {
    precondition(dataset.skeleton == critic.skeleton, "the critic has learned other joints")
    var samples: [Sample] = []
    let skeleton = dataset.skeleton
    let pck = PCK(skeleton)
    for index in 0..<dataset.count {
      let (annotation, image): (PoseAnnotation, RGBImage)
      do throws(DataError) {
        (annotation, image) = (try dataset.annotation(index), try dataset.image(index))
      } catch {
        guard onBroken == .skip else { throw error }
        continue
      }
      let critique = critic.critique(image, annotation.square)
      for (joint, isCorrect) in (pck.judge(critique.joints, annotation.joints) ?? []).enumerated() {
        guard let isCorrect else { continue }
        samples.append(
          Sample(
            joint: joint, isWrong: !isCorrect, doubt: critique.doubt[joint], peak: critique.joints[joint].score))
      }
    }
    all = Self.row("all", samples)
    rows = skeleton.jointNames.enumerated().map { joint, name in
      Self.row(name, samples.filter { $0.joint == joint })
    }
  }

  private static func row(_ name: String, _ samples: [Sample]) -> Row {
    let isWrong = samples.map(\.isWrong)
    return Row(
      name: name, right: isWrong.count { !$0 }, wrong: isWrong.count { $0 },
      doubt: AreaUnderROC.of(samples.map(\.doubt), isPositive: isWrong),
      peak: AreaUnderROC.of(samples.map { -$0.peak }, isPositive: isWrong))
  }

  public var json: JSONObject {
    func object(_ row: Row) -> JSONValue {
      .object([
        "right": JSONValue(row.right), "wrong": JSONValue(row.wrong),
        "auroc_doubt": row.doubt.map { JSONValue($0) } ?? .null, "auroc_peak": row.peak.map { JSONValue($0) } ?? .null,
      ])
    }
    return [
      "all": object(all),
      "per_joint": .object(rows.reduce(into: JSONObject()) { $0.append($1.name, object($1)) }),
    ]
  }
}
