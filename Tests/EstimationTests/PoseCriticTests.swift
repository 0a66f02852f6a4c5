import Communication
import Configuration
import DataParallel
import Estimation
import Foundation
import Kernels
import PoseData
import SyntheticPoses
import Tensors
import Testing
import Training

@Suite struct PoseCriticTests {
  /// - Parameter generatorValue: for all of the generator's parameters.
  private static func critic(generatorValue: Real? = nil) throws -> (critic: PoseCritic, estimator: PoseEstimator) {
    let configuration = try Configuration.parse(
      """
      run: {directory: nowhere}
      data: {kind: synthetic, input_resolution: 64, split: {train: 1-8, valid: 1-10}}
      model:
        generator: {stacks: 2, modules: 1, features: 8, depth: 2}
        discriminator: {stacks: 1, modules: 1, features: 8, depth: 2}
      train: {batch: 4, shards: 2}
      """, file: "test.yaml")
    func context() -> KernelContext {
      KernelContext(pool: ThreadPool(threads: 1), level: .best, convolution: .winograd)
    }
    let trainer = try AdversarialTrainer(
      TrainerSettings(configuration, joints: 16, totalSteps: 1),
      plan: ShardPlan(batch: 4, shards: 2, rank: 0, worldSize: 1), communicator: SingleProcess(), context: context()
    )
    if let generatorValue {
      trainer.withState { arrays in
        for array in arrays where array.name.hasPrefix("generator.") {
          let values = UnsafeMutableRawBufferPointer(mutating: array.bytes).bindMemory(to: Real.self)
          values.update(repeating: generatorValue)
        }
      }
    }
    return (try #require(trainer.makeCritic(.mpii, context())), trainer.makeEstimator(batch: 1, context()))
  }

  @Test func theGeneratorsPartIsTheEstimators() throws {
    let (critic, estimator) = try Self.critic()
    let people = SyntheticDataset(seed: 1, range: 1...3, imageSize: 80)
    for index in 0..<3 {
      let (annotation, image) = (try people.annotation(index), try people.image(index))
      let critique = critic.critique(
        image, .init(centerX: annotation.centerX, centerY: annotation.centerY, side: annotation.side))
      let memory = Buffer<Real>(count: 64 * 64 * 3)
      let input = Tensor(memory.pointer, Shape(n: 1, h: 64, w: 64, c: 3))
      CropSampler().sample(PhotographPart(image), critique.transform, into: input)
      let alone = estimator.withHeatmaps(input) { Array($0.values) }
      #expect(critique.generated == alone && critique.side == 16 && critique.reconstructed.count == 16 * 16 * 16)
      #expect(critique.reconstructed != critique.generated)
      for joint in 0..<16 {
        let places = stride(from: joint, to: alone.count, by: 16)
        let difference = places.map { pow(Double(critique.reconstructed[$0] - alone[$0]), 2) }.reduce(0, +)
        let whole = places.map { pow(Double(alone[$0]), 2) }.reduce(0, +)
        #expect(abs(critique.doubt[joint] / (difference / whole) - 1) < 1e-5)
      }
    }
  }

  @Test func theSheetHoldsEveryJoint() throws {
    let people = SyntheticDataset(seed: 1, range: 1...1, imageSize: 80)
    let image = try people.image(0)
    let critique = try Self.critic().critic.critique(image, .init(centerX: 40, centerY: 40, side: 70))
    let sheet = CritiqueSheet.make(image, critique, .mpii)
    // Eight rows of two groups of three pictures, and nowhere nothing but white.
    for row in 0..<8 {
      for column in 0..<6 {
        let x = 472 + column / 3 * 356 + column % 3 * 116 + 50
        let y = 16 + row * 128 + 12 + 50
        let start = (y * sheet.width + x) * 3
        #expect(Array(sheet.bytes[start..<start + 3]) != [255, 255, 255], "row \(row), column \(column)")
      }
    }
  }

  @Test func doubtIsHeldAgainstLabels() throws {
    let report = try DoubtReport(SyntheticDataset(seed: 1, range: 1...12, imageSize: 80), Self.critic().critic)
    #expect(report.rows.count == 16 && report.rows.allSatisfy { $0.right + $0.wrong == 12 })
    #expect(report.all.right + report.all.wrong == 12 * 16)
    for row in report.rows + [report.all] {
      #expect((row.doubt == nil) == (row.right == 0 || row.wrong == 0) && (row.doubt == nil) == (row.peak == nil))
    }
    #expect(report.json["all"]?.object?["wrong"]?.int == report.all.wrong)
  }

  /// A network whose numbers have run away is drawn all the same: training says what is wrong with it.
  @Test func mapsThatAreNoNumbersAreDrawn() throws {
    let image = try SyntheticDataset(seed: 1, range: 1...1, imageSize: 80).image(0)
    let square = PoseAnnotation.Square(centerX: 40, centerY: 40, side: 70)
    for value in [Real.nan, .infinity, 0] {
      let (critic, _) = try Self.critic(generatorValue: value)
      let critique = critic.critique(image, square)
      #expect(CritiqueSheet.make(image, critique, .mpii).width > 1000)
    }
  }
}
