import Configuration
import DataParallel
import Foundation
import Testing
import Training

/// The folder configs/ of this package.
private let configs = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent().appendingPathComponent("configs").path

struct ConfigurationTests {
  static let minimal = """
    run:
      directory: runs/a
    data:
      kind: synthetic
      split:
        train: 1-100
        valid: 101-120
    train:
      batch: 8

    """

  private func parse(_ text: String, _ overrides: String...) throws -> Configuration {
    try Configuration.parse(text, file: "folder/test.yaml", overrides: overrides)
  }

  @Test(arguments: ["quickstart", "lspet", "paper", "mix", "debug"])
  func shippedConfigurationsLoadAndTheirResolvedFormReloads(name: String) throws {
    let configuration = try Configuration.load(file: "\(configs)/\(name).yaml")
    #expect(configuration.run.name == name)
    #expect(configuration.warnings == [])
    #expect(try Configuration.parse(configuration.yaml(), file: "other.yaml") == configuration)
    _ = try configuration.shardPlan(worldSize: 2)
  }

  /// Each key stands in each file, with its type and default beside it.
  @Test(arguments: ["quickstart", "lspet", "paper", "debug"])
  func shippedConfigurationsExplainEveryKey(name: String) throws {
    let text = try String(contentsOfFile: "\(configs)/\(name).yaml", encoding: .utf8)
    let keys = text.split(separator: "\n").filter { !$0.hasPrefix("#") && !$0.hasSuffix(":") }
    let resolved = try parse(Self.minimal).yaml().split(separator: "\n").filter { !$0.hasSuffix(":") }
    #expect(
      keys.map { $0.prefix { $0 != ":" } } == resolved.map { $0.prefix { $0 != ":" } })
    #expect(keys.allSatisfy { $0.contains("# ") && ($0.contains(", default ") || $0.contains(", required")) })
  }

  @Test func whatIsLeftOutHasItsDefault() throws {
    let configuration = try parse(Self.minimal)
    #expect(configuration.run.name == "test")
    #expect(configuration.model.generator.stacks == 4 && configuration.model.discriminator.stacks == 1)
    #expect(configuration.optimizer.generator.kind == .rmsprop && configuration.optimizer.discriminator.kind == .adam)
    #expect(configuration.optimizer.discriminator.schedule.learningRate == 8e-5)
    #expect(configuration.adversarial.lambdaG == 1e-4 && configuration.adversarial.gamma == 0.5)
    let split = configuration.data.split
    #expect(split.train?.range?.indices == 0..<100 && split.valid?.range?.count == 20)
    #expect(configuration.train.shards == 4 && configuration.checkpoint.keep == 3)
  }

  @Test func unusualValuesSurviveTheResolvedForm() throws {
    let configuration = try parse(
      Self.minimal, "run.directory=a \"b\" # c: \\ é 😀", "run.seed=18446744073709551615", "run.name=~",
      "adversarial.lambda_g=1e-300", "optimizer.generator.milestones=[ 1,20, 300]",
      "optimizer.generator.schedule=step", "data.heatmap_sigma=0.1", "adversarial.enabled=false")
    #expect(configuration.run.directory == "a \"b\" # c: \\ é 😀")
    #expect(configuration.run.seed == .max && configuration.run.name == "~")
    #expect(configuration.optimizer.generator.schedule.milestones == [1, 20, 300])
    #expect(try Configuration.parse(configuration.yaml(), file: "x") == configuration)
    #expect(configuration.yaml().contains("lambda_g: 1.0e-300"))
  }

  private static let mix = """
    run: {directory: runs/a}
    data:
      kind: mix
      sources:
        - {kind: mpii, path: a, train: train 1-8, valid: valid, joints: "pelvis=hips, head top = crown"}
        - kind: lspet
          path: b
          train: 1-9000
          weight: 0.5
    train: {batch: 8}

    """

  @Test func aMixHasItsSources() throws {
    let configuration = try parse(Self.mix, "data.sources[1].path=/c", "data.sources[0].valid=all")
    let sources = configuration.data.sources
    #expect(sources.count == 2 && sources[0].kind == .mpii && sources[1].kind == .lspet && sources[1].path == "/c")
    #expect(sources[0].train?.description == "train 1-8" && sources[0].valid?.description == "all")
    #expect(sources[1].valid == nil && sources[1].weight == 0.5 && sources[0].weight == 1)
    #expect(configuration.sources(.train).map(\.name) == ["data.sources[0]", "data.sources[1]"])
    #expect(configuration.sources(.valid).map(\.name) == ["data.sources[0]"])
    #expect(try Configuration.parse(configuration.yaml(), file: "x/test.yaml") == configuration)
    let digest = try parse(Self.mix).digest
    #expect(try parse(Self.mix, "data.sources[1].path=elsewhere").digest == digest)
    #expect(try parse(Self.mix, "data.sources[1].weight=2").digest != digest)
    #expect(try parse(Self.mix, "data.sources[0].joints=").digest != digest)
  }

  @Test func theLastOverrideHolds() throws {
    #expect(try parse(Self.minimal, "train.batch=16", "train.batch=32").train.batch == 32)
  }

  @Test func theDigestFollowsWhatChangesResults() throws {
    let base = try parse(Self.minimal).digest
    #expect(base.utf8.count == 64)
    for same in [
      "run.directory=b", "run.name=b", "data.path=/x", "compute.threads=3", "checkpoint.every=7", "evaluate.every=7",
      "watchdog.seconds=1", "supervise.attempts=1", "train.epochs=3", "compute.kernels=v3", "data.threads=2",
    ] {
      #expect(try parse(Self.minimal, same).digest == base, "\(same)")
    }
    for other in [
      "run.seed=1", "train.batch=16", "train.shards=2", "adversarial.gamma=0.6", "optimizer.generator.alpha=0.9",
      "comm.algorithm=mpi", "data.augment.enabled=false", "compute.convolution=direct", "data.split.train=1-99",
    ] {
      #expect(try parse(Self.minimal, other).digest != base, "\(other)")
    }
    let cosine = "optimizer.generator.schedule=cosine"
    #expect(try parse(Self.minimal, cosine, "train.epochs=3").digest != parse(Self.minimal, cosine).digest)
  }

  @Test func ranksMustFitTheShards() throws {
    let configuration = try parse(Self.minimal)
    for ranks in [1, 2, 4] { _ = try configuration.shardPlan(worldSize: ranks) }
    for ranks in [3, 8] {
      let error = #expect(throws: ShardPlanError.self) { try configuration.shardPlan(worldSize: ranks) }
      #expect(error?.description.contains("1, 2 or 4") == true)
    }
  }

  @Test func fewStatisticsAreAWarningAndOneAnError() throws {
    let configuration = try parse(Self.minimal, "train.shards=8")
    #expect(configuration.deepestStatisticsCount(configuration.model.generator) == 16)
    #expect(configuration.warnings.count == 2)
    #expect(try parse(Self.minimal, "train.shards=8", "adversarial.enabled=false").warnings.count == 1)
    #expect(throws: ConfigurationError.self) {
      try parse(Self.minimal, "train.shards=8", "data.input_resolution=64")
    }
  }

  @Test func trainingOnWhatValidatesIsAWarning() throws {
    let warnings = try parse(Self.minimal, "data.split.valid=100-120").warnings
    #expect(warnings.count == 1 && warnings[0].contains("100-120"))
  }
}
