import Metrics
import PoseData
import Testing

@Suite struct PCKhTests {
  private func joints() -> [PoseAnnotation.Joint] {
    (0..<16).map { PoseAnnotation.Joint(x: Double($0) * 10, y: 5, isLabelled: true, isVisible: true) }
  }

  private func found(_ joints: [PoseAnnotation.Joint], off: [Int: Double]) -> [JointDecoder.Position] {
    joints.enumerated().map { .init(x: $1.x + (off[$0] ?? 0), y: $1.y, score: 1) }
  }

  @Test func errorsAreCountedAtEveryThreshold() {
    var pckh = PCKh(.mpii)
    #expect(pckh.countWeightedMean(at: 50) == nil && pckh.jointMean(at: 50) == nil && pckh.areaUnderCurve == nil)
    var joints = joints()
    joints[3].isLabelled = false
    pckh.add(found(joints, off: [0: 20, 1: 20.001, 2: 4, 4: .nan]), joints, headSize: 40)
    let shares = pckh.perJoint(at: 50)
    #expect(shares[0] == 1 && shares[1] == 0 && shares[2] == 1 && shares[3] == nil && shares[4] == 0)
    #expect(pckh.perJoint(at: 10)[2] == 1 && pckh.perJoint(at: 9)[2] == 0 && pckh.perJoint(at: 0)[5] == 1)
    // Thirteen labelled joints are scored: pelvis, thorax and the unlabelled hip are not.
    #expect(pckh.scored.count == 14 && pckh.countWeightedMean(at: 50) == 11.0 / 13)
    #expect(pckh.jointMean(at: 50) == 11.0 / 13)
  }

  @Test func theTwoMeansWeighDifferently() {
    var pckh = PCKh(.mpii)
    var joints = joints()
    pckh.add(found(joints, off: [0: 100]), joints, headSize: 10)
    joints[0].isLabelled = false
    pckh.add(found(joints, off: [:]), joints, headSize: 10)
    #expect(pckh.countWeightedMean(at: 50) == 26.0 / 27)
    #expect(abs(pckh.jointMean(at: 50)! - 13.0 / 14) < 1e-15)
  }

  @Test func theAreaIsThatUnderTheCurve() {
    // Half of the joints are right from 0 on, the others from 0.25 on: 0.5 + 0.5 · (0.25 + half a step) / 0.5.
    var pckh = PCKh(.mpii, leavingOut: [])
    let joints = joints()
    pckh.add(found(joints, off: Dictionary(uniqueKeysWithValues: (0..<8).map { ($0, 2.5) })), joints, headSize: 10)
    #expect(abs(pckh.areaUnderCurve! - (0.5 + 0.5 * (25.5 / 50))) < 1e-12)
  }

  /// Published predictions for MPII's 2,958 people, whose figures are known.
  @Test(.enabled(if: RealData.folder("mpii") != nil, "\(RealData.absence)"))
  func publishedPredictionsScoreAsPublished() throws {
    let file = try #require(RealData.folder("mpii")) + "/detections_our_format.mat"
    let missing = try MatFile.read(file, variable: "jnt_missing")
    let predicted = try MatFile.read(file, variable: "pos_pred_src")
    let labelled = try MatFile.read(file, variable: "pos_gt_src")
    let heads = try MatFile.read(file, variable: "headboxes_src")
    #expect(missing.extents == [16, 2958] && predicted.extents == [16, 2, 2958] && heads.extents == [2, 2, 2958])
    var pckh = PCKh(.mpii)
    for person in 0..<2958 {
      let joints = (0..<16).map { joint in
        PoseAnnotation.Joint(
          x: labelled.values[person * 32 + joint], y: labelled.values[person * 32 + 16 + joint],
          isLabelled: missing.values[person * 16 + joint] == 0, isVisible: true)
      }
      let positions = (0..<16).map { joint in
        JointDecoder.Position(
          x: predicted.values[person * 32 + joint], y: predicted.values[person * 32 + 16 + joint], score: 1)
      }
      // Two corners, x and y of each.
      let box = heads.values[person * 4..<person * 4 + 4].map { $0 }
      let (width, height) = (box[1] - box[0], box[3] - box[2])
      pckh.add(positions, joints, headSize: 0.6 * (width * width + height * height).squareRoot())
    }
    let known: [String: Double] = [
      "right ankle": 65.2, "left ankle": 65.69, "right knee": 73.44, "left knee": 73.28, "right hip": 82.0,
      "left hip": 81.86, "right wrist": 76.4, "left wrist": 77.07, "right elbow": 83.37, "left elbow": 83.36,
      "right shoulder": 92.15, "left shoulder": 93.27, "upper neck": 97.71, "head top": 95.6,
    ]
    let shares = pckh.perJoint(at: 50)
    for (name, value) in known {
      let joint = try #require(Skeleton.mpii.jointNames.firstIndex(of: name))
      #expect(abs(shares[joint]! * 100 - value) < 0.0051, "\(name): \(shares[joint]! * 100)")
    }
    #expect(abs(pckh.countWeightedMean(at: 50)! * 100 - 82.34) < 0.005)
    #expect(abs(pckh.jointMean(at: 50)! * 100 - 81.46) < 0.005)
  }
}
