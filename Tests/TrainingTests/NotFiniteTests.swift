import Communication
import Kernels
import RunRecord
import Tensors
import TestSupport
import Testing
import Training

/// A step that is not finite changes nothing, on any rank, and every rank says the same of it.
@Suite struct NotFiniteTests {
  typealias Ranks = RanksTests

  enum Fault: String, CaseIterable, CustomTestStringConvertible {
    case image, heatmap, loss, parameter

    /// What is reported. Of shards of two, the fault is in the third.
    var expected: (what: String, tensor: String, shard: Int) {
      switch self {
      case .image: ("the images", "", 2)
      case .heatmap: ("the heatmaps", "", 2)
      case .loss: ("loss_mse", "", 2)
      case .parameter: ("the parameter", "generator.stem.conv.bias", 0)
      }
    }

    var testDescription: String { rawValue }

    func damage(_ batch: Ranks.GlobalBatch) {
      let image = batch.images.tensor.images(5..<6).values
      let heatmap = batch.heatmaps.tensor.images(5..<6).values
      switch self {
      case .image: image[17] = .nan
      case .heatmap: heatmap[17] = .infinity
      case .loss: heatmap.update(repeating: .greatestFiniteMagnitude)
      case .parameter: break
      }
    }
  }

  static func step(_ trainer: AdversarialTrainer, batch number: Int, _ fault: Fault? = nil) throws -> StepRecord {
    let all = Ranks.GlobalBatch(step: number)
    fault?.damage(all)
    let own = trainer.plan.localPositions
    return try trainer.step(
      images: all.images.tensor.images(own), heatmaps: all.heatmaps.tensor.images(own),
      mask: all.mask.tensor.images(own))
  }

  @Test(arguments: Fault.allCases, [false, true])
  func everyRankSaysWhereAndNothingChanges(fault: Fault, refresh: Bool) throws {
    for ranks in [1, 2, 4] {
      let errors = try InProcessCommunicator.run(size: ranks) { communicator -> NotFiniteError? in
        let trainer = try Ranks.trainer(Ranks.settings(refresh: refresh), communicator)
        try Ranks.step(trainer)
        if fault == .parameter {
          var bias = Array(repeating: 0.5, count: 8)
          bias[3] = .nan
          try trainer.set(["generator.stem.conv.bias": bias])
        }
        let before = trainer.withState(Fingerprint.of)
        defer { #expect(trainer.withState(Fingerprint.of) == before) }
        do {
          _ = try Self.step(trainer, batch: 1, fault)
          return nil
        } catch let error as NotFiniteError {
          return error
        }
      }.map { try $0.get() }
      let expected = fault.expected
      for error in errors {
        #expect(error?.step == 2)
        #expect(error?.finding?.what == expected.what)
        #expect(error?.finding?.tensor == expected.tensor)
        #expect(error?.finding?.shard == expected.shard)
        #expect(error?.finding?.rank == expected.shard * ranks / 4)
      }
    }
  }

  /// All losses are finite, D's gradient too; with `refresh` D has been updated when the generator's gradient overflows.
  @Test(arguments: [false, true])
  func anUpdateOfTheOtherNetworkIsWithheldToo(refresh: Bool) throws {
    let settings = {
      var settings = Ranks.settings(refresh: refresh)
      settings.adversarial.lambdaG = .greatestFiniteMagnitude
      return settings
    }()
    let trainer = try Ranks.trainer(settings, SingleProcess())
    let before = trainer.withState(Fingerprint.of)
    let error = #expect(throws: NotFiniteError.self) { try Self.step(trainer, batch: 0) }
    #expect(error?.finding?.what == "the gradient of the output of")
    #expect(error?.finding?.tensor.hasPrefix("generator.") == true)
    #expect(error?.finding?.shard == 0)
    #expect(trainer.withState(Fingerprint.of) == before)
  }

  @Test(arguments: [false, true])
  func aSkippedStepIsAsIfItHadNotBeen(refresh: Bool) throws {
    let settings = {
      var settings = Ranks.settings(refresh: refresh)
      settings.onNotFinite = .skip
      return settings
    }()
    let results = try InProcessCommunicator.run(size: 2) { communicator in
      let disturbed = try Ranks.trainer(settings, communicator)
      let skipped = try [(0, nil), (1, Fault.image), (2, nil)].map { batch, fault in
        try Self.step(disturbed, batch: batch, fault).skipped
      }
      #expect(skipped.map { $0 == nil } == [true, false, true])
      #expect(disturbed.completedSteps == 3)
      return disturbed.withState(Self.learned)
    }.map { try $0.get() }
    let undisturbed = try InProcessCommunicator.run(size: 2) { communicator in
      let trainer = try Ranks.trainer(settings, communicator)
      for batch in [0, 2] { _ = try Self.step(trainer, batch: batch) }
      return trainer.withState(Self.learned)
    }.map { try $0.get() }
    #expect(results == undisturbed)
  }

  /// All but what counts steps that were taken, applied or not.
  private static func learned(_ state: [NamedArray]) -> String {
    Fingerprint.of(state.filter { $0.name != "step" && $0.name != "samples_seen" })
  }
}
