extension Skeleton {
  /// Names under which different sets label the same joint.
  private static let sameJoint: [Set<String>] = [["upper neck", "neck"]]

  /// For each joint of this skeleton the one of `other` that it is, by name; nil where `other` has none.
  public func places(in other: Skeleton) -> [Int?] {
    jointNames.map { name in
      if let place = other.jointNames.firstIndex(of: name) { return place }
      // Another name for it, unless that is a joint of its own here.
      let names = (Self.sameJoint.first { $0.contains(name) } ?? []).subtracting(jointNames)
      return other.jointNames.firstIndex { names.contains($0) }
    }
  }

  /// Joints of `other` put in this one's order; those that `other` does not have are not labelled.
  public func joints(_ joints: [PoseAnnotation.Joint], from other: Skeleton) -> [PoseAnnotation.Joint] {
    places(in: other).map { place in
      place.map { joints[$0] } ?? .init(x: 0, y: 0, isLabelled: false, isVisible: false)
    }
  }
}
