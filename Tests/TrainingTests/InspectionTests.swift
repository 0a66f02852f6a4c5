import Communication
import Foundation
import Platform
import RunRecord
import TestSupport
import Testing
import Training

/// A tensor that is not finite is found where it comes about, and dumps of a step are told apart.
@Suite struct InspectionTests {
  typealias Ranks = RanksTests

  /// A channel of a normalisation that ReLU hides: losses and gradients stay finite, and training would go on.
  static func withHiddenFault(_ communicator: any Communicator) throws -> AdversarialTrainer {
    let trainer = try Ranks.trainer(Ranks.settings(), communicator)
    var bias = Array(repeating: 0.0, count: 8)
    bias[3] = -.infinity
    try trainer.set(["generator.stem.norm.bias": bias])
    return trainer
  }

  /// What is dumped is the step as it was.
  @Test func aDumpEndsNoStep() throws {
    let trainer = try Self.withHiddenFault(SingleProcess())
    trainer.inspector = StepInspector(.dump)
    try Ranks.step(trainer)
  }

  @Test func withoutTheTrapWhatReLUHidesGoesUnnoticed() throws {
    try Ranks.step(try Self.withHiddenFault(SingleProcess()))
  }

  @Test(arguments: [1, 2, 4])
  func theTrapSeesWhatReLUHides(ranks: Int) throws {
    let errors = try InProcessCommunicator.run(size: ranks) { communicator -> NotFiniteError? in
      let trainer = try Self.withHiddenFault(communicator)
      trainer.trapNotFinite()
      do {
        try Ranks.step(trainer)
        return nil
      } catch let error as NotFiniteError {
        return error
      }
    }.map { try $0.get() }
    for error in errors {
      #expect(error?.finding?.what == "the parameter")
      #expect(error?.finding?.tensor == "generator.stem.norm.bias")
    }
  }

  /// Two dumps of one line each.
  static func line(_ name: String, digest: String, mean: Double) -> JSONObject {
    [
      "part": "generator", "shard": 0, "tensor": .string(name), "shape": .array([1, 2, 2, 1]),
      "digest": .string(digest),
      "not_finite": 0, "min": -1.0, "max": 1.0, "mean": JSONValue(mean), "rms": 0.5,
    ]
  }

  static func dump(_ lines: [JSONObject]) throws -> [DumpedTensor] {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("dump-\(UUID().uuidString).jsonl").path
    defer { unlink(file) }
    try JSONLines.write(lines, to: file)
    return try DumpComparison.read(file)
  }

  @Test func theFirstDifferenceIsNamed() throws {
    let one = try Self.dump([
      Self.line("a output", digest: "00", mean: 0), Self.line("b output", digest: "01", mean: 0.1),
      Self.line("c output", digest: "02", mean: 0.1),
    ])
    let other = try Self.dump([
      Self.line("a output", digest: "00", mean: 0), Self.line("b output", digest: "11", mean: 0.1001),
      Self.line("c output", digest: "12", mean: 0.2),
    ])
    let exact = DumpComparison(one, other)
    #expect(exact.first == .values(one[1], other[1]))
    #expect(exact.differing == 2 && exact.compared == 3)
    #expect(DumpComparison(one, other, tolerance: 1e-2).first == .values(one[2], other[2]))
    #expect(DumpComparison(one, other, tolerance: 1).first == nil)
    #expect(DumpComparison(one, one).first == nil)
  }

  @Test func dumpsOfOtherStepsAreToldApart() throws {
    let one = try Self.dump([
      Self.line("a output", digest: "00", mean: 0), Self.line("b output", digest: "01", mean: 0),
    ])
    let other = try Self.dump([
      Self.line("a output", digest: "00", mean: 0), Self.line("c output", digest: "01", mean: 0),
    ])
    #expect(DumpComparison(one, other).first == .otherTensors(one[1], other[1]))
    #expect(DumpComparison(one, Array(one.prefix(1))).first == .otherTensors(one[1], nil))
  }
}
