import Configuration
import Foundation
import Testing
import Training

struct ConfigurationErrorTests {
  private func message(_ text: String, _ overrides: String...) -> String {
    do throws(ConfigurationError) {
      _ = try Configuration.parse(text, file: "a.yaml", overrides: overrides)
      return ""
    } catch {
      return error.description
    }
  }

  private func message(set overrides: String...) -> String {
    do throws(ConfigurationError) {
      _ = try Configuration.parse(ConfigurationTests.minimal, file: "a.yaml", overrides: overrides)
      return ""
    } catch {
      return error.description
    }
  }

  @Test func everyProblemIsInOneMessageWithItsLine() {
    let text = """
      run:
        seed: -1
        seed: 2
      data:
        kind: lspett
        split: {train: 5-1}
        input_resolution: 130
      model:
        generator:
          stack: 3
          modules: two
      adversarial:
        gamma: .nan
        enabled: yes
      train:
        batch: 6
        shards: 4
        lambda_g: 1
      cmopute:
        threads: 1
      checkpoint: 5
      """
    let lines = message(text, "train.epochs=0", "watchdog.second=1", "nonsense").split(separator: "\n").map(String.init)
    let expected = [
      "a.yaml:2: run.seed: is given twice",
      "a.yaml:5: data.kind: lspett is not synthetic | mpii | lsp | lspet | coco | keypoints | mix",
      "a.yaml:6: data.split.train: 5-1 is not samples from 1 on, such as 1-3600, train, valid 1-500 or all",
      "a.yaml:7: data.input_resolution: 130 is not a multiple of 4",
      "a.yaml:10: model.generator.stack: unknown key; the nearest is model.generator.stacks",
      "a.yaml:11: model.generator.modules: two is not a whole number",
      "a.yaml:13: adversarial.gamma: .nan is not a finite number",
      "a.yaml:14: adversarial.enabled: yes is not true or false",
      "a.yaml:17: train.shards: 4 is not a power of two that divides train.batch 6; shards that fit: 1 or 2",
      "a.yaml:18: train.lambda_g: unknown key; the nearest is adversarial.lambda_g",
      "a.yaml:19: cmopute: unknown key; the nearest is compute",
      "a.yaml:21: checkpoint: is a section of keys, not a value",
      "--set train.epochs: train.epochs: 0 is not from 1 to 1000000",
      "--set watchdog.second: watchdog.second: unknown key; the nearest is watchdog.seconds",
      "--set nonsense: is not of the form key=value",
      "a.yaml: data.split.valid: is missing; it takes samples such as 1-3600",
      "a.yaml: run.directory: is missing",
    ]
    for line in expected { #expect(lines.contains(line), "\(line)") }
    let rest = lines.filter { !expected.contains($0) }
    #expect(rest.allSatisfy { $0.contains("depth") }, "\(rest)")
  }

  @Test func anEmptyFileListsWhatIsMissing() {
    for text in ["", "\n# nothing\n", "{}", "~"] {
      let message = message(text)
      for key in ["run.directory", "data.kind", "data.split.train", "data.split.valid"] {
        #expect(message.contains("\(key): is missing"))
      }
    }
  }

  @Test(arguments: [
    ("train.batch=1.5", "not a whole number"), ("train.batch=0x10", "not a whole number"),
    ("train.batch=99999999999999999999", "not from 1 to"), ("train.batch=", "has no value"),
    ("train.batch=[1]", "is a list"), ("adversarial.gamma=inf", "finite"), ("adversarial.gamma=1e999", "not greater"),
    ("adversarial.gamma=-0.5", "greater than 0"), ("adversarial.k_initial=1.01", "at most 1"),
    ("optimizer.generator.alpha=1", "less than 1"), ("optimizer.generator.milestones=5", "list"),
    ("optimizer.generator.milestones=[5,x]", "list"), ("optimizer.generator.milestones=[5,5]", "ascend"),
    ("optimizer.generator.schedule=step", "needs them"), ("data.split.train=1-3", "do not fill"),
    ("data.kind=lspet", "data.path"), ("run.name=../up", "not a name"), ("run.name=a/b", "not a name"),
    ("run.name=", "not a name"), ("run.directory=", "is missing"), ("run.directory=a\u{1B}[2J", "control"),
    ("model.generator.depth=7", "halved 7 times"), ("model.generator.features=65", "odd"),
    ("train.shards=3", "power of two"),
    ("compute.blas_core=a b", "core"), ("data.augment.channel_gain_min=2", "channel_gain_max"),
    ("data.split=1", "is a section"), ("data.split.train=0-5", "from 1 on"), ("data.split.train=1-", "from 1 on"),
    ("data.split.train=1-99999999999", "from 1 on"), ("data.split.train=train 1", "from 1 on"),
    ("data.split.train=test", "from 1 on"), ("data.split.train=all 1-5", "from 1 on"),
    ("data.split.train=train", "no end and no parts"), ("data.split.valid=all", "no end and no parts"),
    ("run.seed=-1", "0 to"), ("comm.algorithm=Tree", "tree | mpi"), ("comm.bucket_mib=-1", "at least 0"),
  ])
  func aWrongValueIsNamed(override: String, problem: String) {
    let message = message(set: override)
    #expect(message.contains(problem), "\(message)")
    #expect(!message.contains("\n"), "\(message)")
  }

  @Test func quotedNumbersAreText() {
    let text = ConfigurationTests.minimal.replacingOccurrences(of: "batch: 8", with: "batch: \"8\"")
    #expect(message(text) == "a.yaml:9: train.batch: \"8\" is text, not a whole number")
  }

  @Test(arguments: [
    "a: [", "\tx: 1", "run: 1: 2", "- a\n- b", "text", "%YAML 9", "run:\n---\nrun:", "\"", "? [a, b]\n: 1", "!!x",
    "{a: b",
    "run: {seed: 1, seed: 2}", "run: {? : 1}", "\u{0}", "a: \u{FFFE}", "{[[[[a: 1}",
  ])
  func whatIsNoConfigurationIsRefused(text: String) {
    #expect(!message(text).isEmpty)
  }

  @Test func aBombOfAliasesIsRefusedBeforeItIsParsed() {
    var text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
    for level in 1..<40 {
      let alias = "*a\(level - 1)"
      text +=
        "a\(level): &a\(level) [\(Array(repeating: alias, count: 9).joined(separator: ", "))]\n? *a\(level)\n: 1\n"
    }
    #expect(message(text).contains("anchors"))
    #expect(message(text).hasPrefix("a.yaml:1:"))
  }

  @Test func depthAndSizeAreBounded() {
    for open in ["[", "{a: ", "- ", "? "] {
      #expect(!message(String(repeating: open, count: 50_000)).isEmpty)
    }
    #expect(message(String(repeating: "# long\n", count: 50_000)).contains("larger"))
  }

  @Test func manyDuplicatesEnd() {
    let text = (0..<200).map { "k\($0 % 100): 1" }.joined(separator: "\n")
    #expect(message(text).contains("twice"))
  }

  @Test func aFileThatCannotBeReadIsNamed() throws {
    for path in ["/nonexistent/a.yaml", "/tmp", "/dev/zero", "/dev/null"] {
      let error = #expect(throws: ConfigurationError.self) { try Configuration.load(file: path) }
      #expect(error?.description.hasPrefix(path) == true)
    }
  }

  /// Every byte of a shipped kind of file turned, one at a time: an answer or an error, never a crash.
  @Test func damageNeverCrashes() {
    let good = Array(ConfigurationTests.minimal.utf8)
    for index in good.indices {
      for byte in [0, 0x09, 0x0A, UInt8(ascii: "&"), UInt8(ascii: "["), UInt8(ascii: ":"), UInt8(ascii: "!"), 0xFF] {
        var bad = good
        bad[index] = byte
        _ = message(String(decoding: bad, as: UTF8.self))
      }
    }
  }

  @Test func whatIsWrongWithAMixIsNamed() {
    let text = """
      run: {directory: runs/a}
      data:
        kind: mix
        path: a
        split: {train: 1-5}
        sources:
          - {kind: mpii, train: train, pth: b}
          - {kind: mix}
          - 5
          - {path: c, path: d, train: 1-x, weight: 0}
          - {kind: lspet, path: e, train: valid, joints: crown}
      """
    let lines = message(text, "data.sources[9].path=f", "data.sources=[]").split(separator: "\n").map(String.init)
    for line in [
      "a.yaml:7: data.sources[0].pth: unknown key; a data set takes kind, path, annotations, images, head_boxes, train, valid, weight, joints",
      "a.yaml: data.sources[0].path: is missing, and kind: mpii needs it",
      "a.yaml:8: data.sources[1].kind: a mix within a mix",
      "a.yaml:9: data.sources[2]: is not a data set, with a kind and a path",
      "a.yaml:10: data.sources[3].path: is given twice",
      "a.yaml:10: data.sources[3].train: 1-x is not samples from 1 on, such as 1-3600, train, valid 1-500 or all",
      "a.yaml:10: data.sources[3].weight: 0 is not greater than 0 and at most 1000",
      "a.yaml:11: data.sources[4].train: lspet has no part valid; give numbers, such as 1-3600",
      "a.yaml:11: data.sources[4].joints: is not of the form joint=own name, joint=own name",
      "a.yaml:4: data.path: each of a mix's sources has its own",
      "a.yaml:5: data.split.train: each of a mix's sources has its own",
      "a.yaml:6: data.sources: no source has valid: samples, such as 1-100",
      "--set data.sources[9].path: data.sources[9].path: unknown key; the nearest is data.path",
      "--set data.sources: data.sources: is a section of keys, not a value",
      "a.yaml: data.sources[3].kind: is missing",
    ] {
      #expect(lines.contains(line), "\(line)")
    }
    #expect(!lines.contains { $0.contains("data.sources[2].") }, "one problem is enough")
    #expect(message("data: {kind: mix}").contains("data.sources: no source has train"))
    #expect(
      message("data: {kind: mix, sources: [{kind: lsp, path: a}]}").contains("[0].train: neither train nor valid"))
    #expect(message("data: {kind: mix, head_boxes: a}").contains("data.path: each of a mix's sources has its own"))
    #expect(
      message(
        ConfigurationTests.minimal.replacingOccurrences(
          of: "data:", with: "data:\n  sources: [{kind: lsp, path: a, train: all}]")
      ).contains("data.sources: are for kind: mix, not synthetic"))
  }
}
