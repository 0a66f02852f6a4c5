import Metrics
import Platform
import PoseData

extension PCK {
  /// An evaluation's line in `log.jsonl`.
  public func line(_ step: Int, _ skeleton: Skeleton) -> JSONObject {
    var joints = JSONObject()
    for (name, share) in zip(skeleton.jointNames, perJoint) {
      if let share { joints.append(name, JSONValue(share)) }
    }
    return [
      "step": JSONValue(step), "metric": "PCK@0.2", "value": JSONValue(value ?? 0), "per_joint": .object(joints),
    ]
  }

  /// An evaluation for people: the mean, then each joint, left and right together where a joint has two sides.
  public func summary(_ step: Int, _ skeleton: Skeleton) -> String {
    var order: [String] = []
    var sums: [String: (correct: Int, total: Int)] = [:]
    for (joint, name) in skeleton.jointNames.enumerated() {
      let plain = name.replacing("right ", with: "").replacing("left ", with: "")
      if sums[plain] == nil { order.append(plain) }
      let sum = sums[plain] ?? (0, 0)
      sums[plain] = (sum.correct + correct[joint], sum.total + total[joint])
    }
    let joints = order.compactMap { name -> String? in
      guard let sum = sums[name], sum.total > 0 else { return nil }
      return "\(name) \((Double(sum.correct) / Double(sum.total)).percent())"
    }
    return "step \(step)  PCK@0.2 \(value.map { $0.percent() } ?? "none") %   (\(joints.joined(separator: ", ")))"
  }
}
