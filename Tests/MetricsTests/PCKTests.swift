import Metrics
import PoseData
import Testing

@Suite struct PCKTests {
  /// Left shoulder at (0, 0), right hip at (0, 10): PCK@0.2 asks for 2 pixels.
  private func person() -> [PoseAnnotation.Joint] {
    var joints = (0..<14).map {
      PoseAnnotation.Joint(x: Double($0) * 3, y: 5, isLabelled: true, isVisible: true)
    }
    (joints[9].x, joints[9].y) = (0, 0)
    (joints[2].x, joints[2].y) = (0, 10)
    return joints
  }

  private func moved(_ joints: [PoseAnnotation.Joint], by offsets: [Int: Double]) -> [JointDecoder.Position] {
    joints.enumerated().map { .init(x: $1.x + (offsets[$0] ?? 0), y: $1.y, score: 1) }
  }

  @Test func jointsWithinTheDistanceAreCorrect() {
    var pck = PCK(.lsp)
    #expect(pck.value == nil && pck.jointMean == nil)
    var joints = person()
    pck.add(moved(joints, by: [0: 2, 1: 2.001, 5: .nan]), joints)
    joints[0].isLabelled = false
    joints[7].isLabelled = false
    pck.add(moved(joints, by: [0: 100, 3: -50]), joints)
    #expect(pck.total == [1, 2, 2, 2, 2, 2, 2, 1, 2, 2, 2, 2, 2, 2])
    #expect(pck.correct == [1, 1, 2, 1, 2, 1, 2, 1, 2, 2, 2, 2, 2, 2])
    #expect(pck.value == 23.0 / 26)
    #expect(pck.perJoint[1] == 0.5 && pck.perJoint[0] == 1)
    #expect(abs(pck.jointMean! - 12.5 / 14) < 1e-15)
    #expect(pck.excluded == 0)
  }

  @Test func withoutATorsoThePersonIsLeftOut() {
    var pck = PCK(.lsp)
    for joint in [2, 9] {
      var joints = person()
      joints[joint].isLabelled = false
      pck.add(moved(joints, by: [:]), joints)
    }
    var joints = person()
    joints[2] = joints[9]
    pck.add(moved(joints, by: [:]), joints)
    #expect(pck.excluded == 3 && pck.value == nil && pck.perJoint.allSatisfy { $0 == nil })
  }

  /// Published predictions for Leeds Sports Pose, whose PCK@0.2 is known to be 73.56 %.
  @Test(.enabled(if: RealData.folder("lsp-eval") != nil, "\(RealData.absence)"))
  func publishedPredictionsScoreAsPublished() throws {
    let folder = try #require(RealData.folder("lsp-eval"))
    let truth = try MatFile.read(folder + "/lsp-joints-PC.mat", variable: "joints")
    let found = try MatFile.read(folder + "/pred_keypoints_lsp_pc.mat", variable: "pred")
    #expect(truth.extents == [3, 14, 2000] && found.extents == [2, 14, 1000])
    var pck = PCK(.lsp)
    for person in 0..<1000 {
      let joints = (0..<14).map { joint in
        let start = ((person + 1000) * 14 + joint) * 3
        return PoseAnnotation.Joint(
          x: truth.values[start], y: truth.values[start + 1], isLabelled: true, isVisible: true)
      }
      let positions = (0..<14).map { joint in
        let start = (person * 14 + joint) * 2
        return JointDecoder.Position(x: found.values[start], y: found.values[start + 1], score: 1)
      }
      pck.add(positions, joints)
    }
    #expect(pck.total == Array(repeating: 1000, count: 14))
    #expect(abs(pck.value! * 100 - 73.56) < 0.005)
    #expect(pck.value == pck.jointMean)
  }
}
