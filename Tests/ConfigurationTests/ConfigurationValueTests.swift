import Configuration
import Foundation
import Testing

/// How values are read, and which have no effect.
struct ConfigurationValueTests {
  private func parse(_ text: String, _ overrides: String...) throws -> Configuration {
    try Configuration.parse(text, file: "a.yaml", overrides: overrides)
  }

  private func message(_ overrides: String...) -> String {
    do throws(ConfigurationError) {
      _ = try Configuration.parse(ConfigurationTests.minimal, file: "a.yaml", overrides: overrides)
      return ""
    } catch {
      return error.description
    }
  }

  @Test func aFileWithOnlyTheRequiredKeysLoads() throws {
    let required = "run: {directory: r}\ndata: {kind: synthetic, split: {train: 1-100, valid: 101-120}}\n"
    let configuration = try parse(required)
    #expect(configuration.train.batch == 6 && configuration.train.shards == 2)
    #expect(configuration.warnings == [])
    #expect(try parse(required, "train.batch=8").train.shards == 4)
    #expect(try parse(required, "train.batch=7").train.shards == 1)
    #expect(try parse(required, "train.batch=8", "train.shards=2").train.shards == 2)
    #expect(try parse(configuration.yaml()) == configuration)
  }

  @Test func aByteOrderMarkIsNoText() throws {
    #expect(try parse("\u{FEFF}" + ConfigurationTests.minimal) == parse(ConfigurationTests.minimal))
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).yaml").path
    defer { unlink(path) }
    try ConfigurationTests.minimal.data(using: .utf16)!.write(to: URL(fileURLWithPath: path))
    let error = #expect(throws: ConfigurationError.self) { try Configuration.load(file: path) }
    #expect(error?.description == "\(path): is UTF-16; save it as UTF-8")
  }

  /// `--set run.directory=~/x` is not expanded by a shell, and in a file nobody else expands it.
  @Test func aTildeIsTheUsersHome() throws {
    let home = try #require(ProcessInfo.processInfo.environment["HOME"])
    for key in ["run.directory", "data.path", "data.annotations", "data.images"] {
      let yaml = try parse(ConfigurationTests.minimal, "\(key)=~/x/~y").yaml()
      #expect(yaml.contains("\"\(home)/x/~y\""), "\(key)")
    }
    #expect(try parse(ConfigurationTests.minimal, "run.directory=./~/x").run.directory == "./~/x")
    #expect(message("run.directory=~other/x").contains("only ~/ is expanded"))
  }

  @Test(arguments: ["train.batch=010", "train.batch=-08", "run.seed=01", "adversarial.gamma=00.5"])
  func aLeadingZeroIsRefused(override: String) {
    #expect(message(override).contains("begins with a zero"))
  }

  @Test(arguments: ["train.steps=0", "adversarial.gamma=0.5", "optimizer.generator.clip_norm=0"])
  func zeroItselfIsFine(override: String) {
    #expect(message(override) == "")
  }

  @Test(arguments: [
    (
      ["optimizer.generator.beta1=0.5"],
      "optimizer.generator.beta1: has no effect with optimizer.generator.kind: rmsprop"
    ),
    (["optimizer.discriminator.alpha=0.9"], "alpha: has no effect with optimizer.discriminator.kind: adam"),
    (["compute.blas_core=Haswell"], "compute.blas_core: has no effect on training"),
    (["optimizer.generator.decay=0.5"], "decay: has no effect with optimizer.generator.schedule: constant"),
    (["adversarial.enabled=false", "adversarial.gamma=0.7"], "gamma: has no effect with adversarial.enabled: false"),
    (
      ["adversarial.enabled=false", "model.discriminator.stacks=2"],
      "model.discriminator.stacks: has no effect with adversarial.enabled: false"
    ),
    (["data.augment.enabled=false", "data.augment.cut_out_size=0.1"], "cut_out_size: has no effect"),
    (["data.path=x"], "data.path: has no effect with data.kind: synthetic"),
  ])
  func aKeyWithoutEffectGivesAWarning(overrides: [String], warning: String) throws {
    let configuration = try Configuration.parse(ConfigurationTests.minimal, file: "a.yaml", overrides: overrides)
    let found = configuration.warnings.filter { $0.contains("has no effect") }
    #expect(found.count == 1 && found[0].contains(warning), "\(found)")
    // The resolved form, which names every key, warns of the same ones only.
    #expect(try parse(configuration.yaml()).warnings == configuration.warnings)
  }

  @Test func aKeyThatActsGivesNone() throws {
    let configuration = try parse(
      ConfigurationTests.minimal, "optimizer.generator.kind=adam", "optimizer.generator.beta1=0.5",
      "optimizer.discriminator.kind=rmsprop", "optimizer.discriminator.alpha=0.9", "data.augment.enabled=false",
      "optimizer.generator.schedule=cosine", "optimizer.generator.final_fraction=0.1", "data.difficulty=0.2")
    #expect(configuration.warnings == [])
  }
}
