/// The form that `keypoints` files and checkpoints have it in: joints, flip_pairs, limbs, torso and, where known, sigmas.
extension Skeleton: Decodable {
  private enum Keys: String, CodingKey {
    case joints, limbs, torso, sigmas
    case flipPairs = "flip_pairs"
  }

  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: Keys.self)
    func pairs(_ key: Keys) throws -> [(Int, Int)] {
      try values.decode([[Int]].self, forKey: key).map { pair in
        guard pair.count == 2 else {
          throw DecodingError.dataCorruptedError(forKey: key, in: values, debugDescription: "\(pair) is not a pair")
        }
        return (pair[0], pair[1])
      }
    }
    let torso = try values.decode([Int].self, forKey: .torso)
    guard torso.count == 2 else {
      throw DecodingError.dataCorruptedError(forKey: .torso, in: values, debugDescription: "\(torso) is not a pair")
    }
    self.init(
      jointNames: try values.decode([String].self, forKey: .joints), flipPairs: try pairs(.flipPairs),
      limbs: try pairs(.limbs), torso: (torso[0], torso[1]),
      sigmas: try values.decodeIfPresent([Double].self, forKey: .sigmas) ?? [])
  }

  /// Reads it from JSON; `name` is what an error calls the text.
  public init(json: String, name: String) throws(DataError) {
    self = try JSONAnnotations.decode(Array(json.utf8), name)
    if let problem { throw DataError(name, "skeleton: \(problem)") }
  }

  /// What is wrong with it, if anything is.
  var problem: String? {
    guard (1...256).contains(jointCount) else { return "\(jointCount) joints; 1 to 256 can be learned" }
    guard Set(jointNames).count == jointCount else { return "two joints have one name" }
    if let name = jointNames.first(where: { name in
      name.isEmpty || name.utf8.count > 64 || name.unicodeScalars.contains { $0.properties.generalCategory == .control }
    }) {
      return "\"\(name.prefix(64))\" is not a name"
    }
    let indices = jointNames.indices
    for (what, pairs) in [
      ("flip_pairs", flipPairs), ("limbs", limbs), ("torso", [(torso.leftShoulder, torso.rightHip)]),
    ] {
      if let pair = pairs.first(where: { !indices.contains($0.0) || !indices.contains($0.1) || $0.0 == $0.1 }) {
        return "\(what): [\(pair.0), \(pair.1)] are not two of the joints 0 to \(jointCount - 1)"
      }
    }
    let flipped = flipPairs.flatMap { [$0.0, $0.1] }
    guard Set(flipped).count == flipped.count else { return "flip_pairs: a joint is in two pairs" }
    guard sigmas.isEmpty || sigmas.count == jointCount, sigmas.allSatisfy({ $0 > 0 && $0 < 10 }) else {
      return "sigmas are not a number above 0 for each joint"
    }
    return nil
  }
}
