import Foundation
import Metrics
import Platform
import PoseData

extension PoseFigures {
  /// An evaluation for programs: the line of `log.jsonl`, and each figure in full.
  public func json(_ step: Int, _ skeleton: Skeleton) -> JSONObject {
    var object = pck.line(step, skeleton)
    object.append("people_without_torso", JSONValue(pck.excluded))
    object.append("unread", JSONValue(unread))
    if let pckh {
      object.append(
        "pckh",
        .object([
          "at_0.5": .object(Self.json(pckh, 50, skeleton)), "at_0.1": .object(Self.json(pckh, 10, skeleton)),
          "auc": Self.value(pckh.areaUnderCurve), "people_without_head": JSONValue(pckh.excluded),
        ]))
    }
    if let figures = averagePrecision {
      object.append("oks", .object(figures.json))
    }
    return object
  }

  private static func json(_ pckh: PCKh, _ hundredths: Int, _ skeleton: Skeleton) -> JSONObject {
    let joints = zip(skeleton.jointNames, pckh.perJoint(at: hundredths)).reduce(into: JSONObject()) {
      $0.append($1.0, value($1.1))
    }
    return [
      "joint_mean": value(pckh.jointMean(at: hundredths)),
      "count_weighted_mean": value(pckh.countWeightedMean(at: hundredths)), "per_joint": .object(joints),
    ]
  }

  private static func value(_ share: Double?) -> JSONValue { share.map { JSONValue($0) } ?? .null }

  /// The same for people.
  public func table(_ skeleton: Skeleton) -> String {
    let width = max(skeleton.jointNames.map(\.count).max()!, "count-weighted mean".count) + 2
    func row(_ name: String, _ cells: [String]) -> String {
      name.rightPadded(width) + cells.map { $0.leftPadded(10) }.joined()
    }
    func percent(_ share: Double?) -> String { share.map { $0.percent(2) } ?? "none" }
    let heads = pckh.map { [$0.perJoint(at: 50), $0.perJoint(at: 10)] } ?? []
    var rows = [row("", ["labelled", "PCK@0.2"] + (pckh == nil ? [] : ["PCKh@0.5", "PCKh@0.1"]))]
    for (joint, name) in skeleton.jointNames.enumerated() {
      let labelled = pckh?.total[joint] ?? pck.total[joint]
      rows.append(row(name, ["\(labelled)", percent(pck.perJoint[joint])] + heads.map { percent($0[joint]) }))
    }
    rows.append(
      row(
        "joint mean",
        ["", percent(pck.jointMean)]
          + (pckh.map { [percent($0.jointMean(at: 50)), percent($0.jointMean(at: 10))] } ?? [])))
    rows.append(
      row(
        "count-weighted mean",
        ["", percent(pck.value)]
          + (pckh.map { [percent($0.countWeightedMean(at: 50)), percent($0.countWeightedMean(at: 10))] } ?? [])))
    if let pckh {
      rows.append(row("area under PCKh", ["", "", percent(pckh.areaUnderCurve)]))
      if pckh.scored.count < skeleton.jointCount {
        let left = skeleton.jointNames.indices.filter { !pckh.scored.contains($0) }.map { skeleton.jointNames[$0] }
        rows.append("PCKh's means leave out \(left.joined(separator: " and ")), as MPII's do")
      }
    }
    if let figures = averagePrecision {
      rows.append("\nOKS, each person's square being given")
      rows += figures.rows(width: width)
    }
    if pck.excluded > 0 { rows.append("\(pck.excluded) people lack a torso and are left out of PCK@0.2") }
    if unread > 0 { rows.append("\(unread) samples could not be read and are left out") }
    return rows.joined(separator: "\n")
  }
}
