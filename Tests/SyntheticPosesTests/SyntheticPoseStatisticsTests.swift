import PoseData
import SyntheticPoses
import Testing

/// What a network has to learn, measured over annotations: how far the mean pose gets, what is hidden, what is possible.
@Suite struct SyntheticPoseStatisticsTests {
  private static let skeleton = Skeleton.mpii

  private static func annotations(_ range: ClosedRange<Int>, difficulty: Double = 0.5) throws -> [PoseAnnotation] {
    let set = SyntheticDataset(seed: 3, range: range, difficulty: difficulty)
    return try (0..<set.count).map { try set.annotation($0) }
  }

  private static func distance(_ a: PoseAnnotation.Joint, _ b: PoseAnnotation.Joint) -> Double {
    ((a.x - b.x) * (a.x - b.x) + (a.y - b.y) * (a.y - b.y)).squareRoot()
  }

  private static func torso(_ annotation: PoseAnnotation) -> Double {
    distance(annotation.joints[skeleton.torso.leftShoulder], annotation.joints[skeleton.torso.rightHip])
  }

  /// PCK@0.2 of the pose that is the mean of `seen`, on `held`, by joint.
  private static func meanPosePCK(_ seen: [PoseAnnotation], _ held: [PoseAnnotation]) -> [Double] {
    (0..<skeleton.jointCount).map { joint in
      let mean = seen.reduce(into: (x: 0.0, y: 0.0)) {
        $0.x += ($1.joints[joint].x - $1.centerX) / $1.side / Double(seen.count)
        $0.y += ($1.joints[joint].y - $1.centerY) / $1.side / Double(seen.count)
      }
      let hits = held.count { person in
        let guess = PoseAnnotation.Joint(
          x: person.centerX + mean.x * person.side, y: person.centerY + mean.y * person.side, isLabelled: true,
          isVisible: true)
        return distance(guess, person.joints[joint]) <= 0.2 * torso(person)
      }
      return Double(hits) / Double(held.count)
    }
  }

  /// At the usual difficulty and at configs/quickstart.yaml's.
  @Test(arguments: [0.5, 0.35])
  func meanPoseScoresUnder15Percent(difficulty: Double) throws {
    let perJoint = Self.meanPosePCK(
      try Self.annotations(1...2000, difficulty: difficulty),
      try Self.annotations(100_001...102_000, difficulty: difficulty))
    let total = perJoint.reduce(0, +) / Double(perJoint.count)
    print("difficulty \(difficulty): mean pose: PCK@0.2 \(100 * total) %")
    for (name, value) in zip(Self.skeleton.jointNames, perJoint) { print("  \(name): \(100 * value) %") }
    #expect(total < 0.15)
  }

  @Test func difficultySpreadsPosesAndHidesJoints() throws {
    var scores: [Double] = []
    var hidden: [Double] = []
    for difficulty in [0, 0.5, 1] {
      let people = try Self.annotations(1...1500, difficulty: difficulty)
      let perJoint = Self.meanPosePCK(Array(people[..<750]), Array(people[750...]))
      scores.append(perJoint.reduce(0, +) / Double(perJoint.count))
      hidden.append(Self.hiddenShare(people))
    }
    #expect(scores[0] > scores[1] && scores[1] > scores[2])
    #expect(hidden[0] < hidden[1] && hidden[1] < hidden[2])
  }

  private static func hiddenShare(_ people: [PoseAnnotation]) -> Double {
    let hidden = people.reduce(0) { $0 + $1.joints.count { !$0.isVisible } }
    return Double(hidden) / Double(people.count * skeleton.jointCount)
  }

  @Test func hiddenShareIsModerate() throws {
    let people = try Self.annotations(1...2000)
    let share = Self.hiddenShare(people)
    print("hidden joints: \(100 * share) %")
    #expect(share > 0.08 && share < 0.16)
    for joint in 0..<Self.skeleton.jointCount {
      let hidden = Double(people.count { !$0.joints[joint].isVisible }) / Double(people.count)
      #expect(hidden > 0.02 && hidden < 0.3, "\(Self.skeleton.jointNames[joint])")
    }
  }

  @Test(arguments: [0, 0.5, 1])
  func jointsLieInsidePictureAndBox(difficulty: Double) throws {
    for (index, person) in try Self.annotations(1...1000, difficulty: difficulty).enumerated() {
      #expect(person.joints.count == Self.skeleton.jointCount)
      let inside = person.joints.allSatisfy { (2...157).contains($0.x) && (2...157).contains($0.y) && $0.isLabelled }
      #expect(inside, "sample \(index)")
      let reach = person.joints.map { max(abs($0.x - person.centerX), abs($0.y - person.centerY)) }.max() ?? 0
      let margin = person.side / (2 * reach)
      #expect(margin > 1.2499 && margin < 1.3001, "sample \(index)")
      #expect(Self.torso(person) > 0.12 * person.side, "sample \(index)")
      #expect(person.side > 0.6 * 160 && person.side < 160, "sample \(index)")
    }
  }

  /// A limb seen across the line of sight has its full length: near the longest that occurs, relative to the others.
  @Test func limbsHaveHumanProportions() throws {
    let people = try Self.annotations(1...2000)
    // The thigh, seen most nearly in full, is the measure within a sample: both legs' longer one.
    func ratio(_ bone: (Int, Int), _ mirror: (Int, Int)) -> Double {
      let values = people.map { person in
        let joints = person.joints
        let thigh = max(Self.distance(joints[1], joints[2]), Self.distance(joints[3], joints[4]))
        let length = max(
          Self.distance(joints[bone.0], joints[bone.1]), Self.distance(joints[mirror.0], joints[mirror.1]))
        return length / thigh
      }
      return values.sorted()[values.count / 2]
    }
    let shank = ratio((0, 1), (4, 5))
    let upperArm = ratio((11, 12), (13, 14))
    let forearm = ratio((10, 11), (14, 15))
    let head = ratio((8, 9), (8, 9))
    let spine = ratio((6, 7), (6, 7))
    print("over the thigh: shank \(shank), upper arm \(upperArm), forearm \(forearm), head \(head), spine \(spine)")
    #expect((0.9...1.1).contains(shank))
    #expect((0.6...0.8).contains(upperArm))
    #expect((0.5...0.7).contains(forearm))
    #expect((0.5...0.8).contains(head))
    #expect((0.95...1.35).contains(spine))
  }

  @Test func leftAndRightHaveTheSameLengths() throws {
    let people = try Self.annotations(1...2000)
    for (right, left) in [((0, 1), (5, 4)), ((1, 2), (4, 3)), ((10, 11), (15, 14)), ((11, 12), (14, 13))] {
      func mean(_ bone: (Int, Int)) -> Double {
        people.reduce(0) { $0 + Self.distance($1.joints[bone.0], $1.joints[bone.1]) / $1.side } / Double(people.count)
      }
      #expect(abs(mean(right) / mean(left) - 1) < 0.05)
    }
  }
}
