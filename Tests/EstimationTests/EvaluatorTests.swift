import Communication
import Configuration
import DataParallel
import Estimation
import Foundation
import Kernels
import PoseData
import RunRecord
import SyntheticPoses
import Tensors
import Testing
import Training

@Suite struct EvaluatorTests {
  /// A set seen in a mirror: pictures, joints and sides.
  private struct Mirrored: PoseDataset {
    let people: SyntheticDataset
    var skeleton: Skeleton { people.skeleton }
    var count: Int { people.count }
    func name(of index: Int) -> String { people.name(of: index) }

    func annotation(_ index: Int) throws(DataError) -> PoseAnnotation {
      var annotation = try people.annotation(index)
      let right = Double(people.imageSize - 1)
      annotation.centerX = right - annotation.centerX
      annotation.joints = skeleton.mirrored.map { joint in
        var joint = annotation.joints[joint]
        joint.x = right - joint.x
        return joint
      }
      return annotation
    }

    func image(_ index: Int) throws(DataError) -> RGBImage {
      var image = try people.image(index)
      let whole = image
      for y in 0..<image.height {
        for x in 0..<image.width {
          for channel in 0..<3 {
            image.bytes[(y * image.width + x) * 3 + channel] =
              whole.bytes[(y * image.width + image.width - 1 - x) * 3 + channel]
          }
        }
      }
      return image
    }
  }

  private static let people = SyntheticDataset(seed: 2, range: 1...10, imageSize: 64)

  private static func configuration(_ onBroken: String) throws -> Configuration {
    try Configuration.parse(
      """
      run: {directory: nowhere}
      data: {kind: synthetic, on_broken: \(onBroken), input_resolution: 64, split: {train: 1-8, valid: 1-10}}
      model: {generator: {stacks: 1, modules: 1, features: 8, depth: 2}}
      adversarial: {enabled: false}
      train: {batch: 4}
      """, file: "test.yaml")
  }

  /// What a network as it was born says of a set.
  private static func predictions(
    _ dataset: any PoseDataset, _ testTime: TestTime, batch: Int = 4,
    _ communicator: any Communicator = SingleProcess(),
    onBroken: String = "fail"
  ) throws -> [[JointDecoder.Position]?] {
    let configuration = try configuration(onBroken)
    func context() -> KernelContext {
      KernelContext(pool: ThreadPool(threads: 1), level: .best, convolution: .winograd)
    }
    let trainer = try AdversarialTrainer(
      TrainerSettings(configuration, joints: 16, totalSteps: 1),
      plan: ShardPlan(batch: 4, shards: 4, rank: communicator.rank, worldSize: communicator.worldSize),
      communicator: communicator, context: context())
    return try Evaluator(dataset, configuration, batch: batch, communicator: communicator)
      .evaluate(trainer.makeEstimator(batch: batch, context()), testTime).predictions
  }

  @Test(arguments: [[1.0], [0.8, 1, 1.3]])
  func withFlipsAMirroredPictureHasMirroredJoints(_ scales: [Double]) throws {
    let testTime = TestTime(flips: true, scales: scales)
    let (seen, mirrored) = (
      try Self.predictions(Self.people, testTime), try Self.predictions(Mirrored(people: Self.people), testTime)
    )
    #expect(seen.count == 10)
    for (one, other) in zip(seen, mirrored) {
      for (joint, partner) in Skeleton.mpii.mirrored.enumerated() {
        #expect(abs(one![joint].x + other![partner].x - 63) < 1e-3 && abs(one![joint].y - other![partner].y) < 1e-3)
        #expect(abs(one![joint].score - other![partner].score) < 1e-4)
      }
    }
    let plain = try Self.predictions(Mirrored(people: Self.people), TestTime())
    #expect(zip(seen, plain).contains { abs($0![0].x + $1![5].x - 63) > 1e-3 })
  }

  /// The mean over one scale and no mirror is the look itself; over a scale alone it is another.
  @Test func looksAreAveraged() throws {
    let (once, twice, wide) = (
      try Self.predictions(Self.people, TestTime()), try Self.predictions(Self.people, TestTime(scales: [1, 1])),
      try Self.predictions(Self.people, TestTime(scales: [1.5]))
    )
    for (one, other) in zip(once, twice) {
      #expect(zip(one!, other!).allSatisfy { abs($0.x - $1.x) < 1e-3 && abs($0.y - $1.y) < 1e-3 })
    }
    #expect(zip(once, wide).contains { $0 != $1 })
  }

  @Test(arguments: [2, 4])
  func ranksPredictEachSampleOnce(_ ranks: Int) throws {
    let alone = try Self.predictions(Self.people, TestTime(flips: true), batch: 2)
    let together = InProcessCommunicator.run(size: ranks) { communicator in
      try Self.predictions(Self.people, TestTime(flips: true), batch: 2, communicator)
    }
    for rank in together { #expect(try rank.get() == alone) }
  }

  /// One that cannot be read, and one with no label.
  private struct Damaged: PoseDataset {
    let people = EvaluatorTests.people
    var skeleton: Skeleton { people.skeleton }
    var count: Int { people.count }
    func name(of index: Int) -> String { people.name(of: index) }

    func annotation(_ index: Int) throws(DataError) -> PoseAnnotation {
      var annotation = try people.annotation(index)
      if index == 5 { for joint in annotation.joints.indices { annotation.joints[joint].isLabelled = false } }
      return annotation
    }

    func image(_ index: Int) throws(DataError) -> RGBImage {
      guard index != 3 else { throw DataError("3", "is broken") }
      return try people.image(index)
    }
  }

  @Test(arguments: [TestTime(), TestTime(flips: true), TestTime(scales: [1, 0.3])])
  func whatCannotBeReadIsNotPredicted(_ testTime: TestTime) throws {
    let found = try Self.predictions(Damaged(), testTime, onBroken: "skip")
    #expect(found.map { $0 == nil } == (0..<10).map { $0 == 3 })
    #expect(throws: DataError.self) { try Self.predictions(Damaged(), testTime) }
  }
}
