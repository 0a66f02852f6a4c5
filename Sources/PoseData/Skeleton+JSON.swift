import Platform

extension Skeleton {
  /// As `Skeleton.init(json:name:)` reads it.
  public var json: JSONObject {
    func pairs(_ pairs: [(Int, Int)]) -> JSONValue {
      .array(pairs.map { .array([JSONValue($0.0), JSONValue($0.1)]) })
    }
    var object: JSONObject = [
      "joints": .array(jointNames.map { .string($0) }), "flip_pairs": pairs(flipPairs), "limbs": pairs(limbs),
      "torso": .array([JSONValue(torso.leftShoulder), JSONValue(torso.rightHip)]),
    ]
    if !sigmas.isEmpty { object.append("sigmas", .array(sigmas.map { JSONValue($0) })) }
    return object
  }
}
