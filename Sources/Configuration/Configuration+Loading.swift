import DataParallel
import Platform

extension Configuration {
  /// Reads a YAML file, then `overrides` of the form key=value, of which the last for a key holds.
  public static func load(file: String, overrides: [String] = []) throws(ConfigurationError) -> Configuration {
    let bytes = try InputFile<ConfigurationError>(file, .anything).readAll(limit: ConfigurationDocument.mostBytes)
    guard let text = String(validating: bytes, as: UTF8.self) else {
      let isUTF16 = bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF])
      throw ConfigurationError(file, isUTF16 ? "is UTF-16; save it as UTF-8" : "is not UTF-8")
    }
    return try parse(text, file: file, overrides: overrides)
  }

  /// The same for text at hand, such as a checkpoint's; `file` names it in messages and gives a run without a name its.
  public static func parse(
    _ text: String, file: String, overrides: [String] = []
  ) throws(ConfigurationError) -> Configuration {
    var reader = ConfigurationReader(try ConfigurationDocument(text: text, file: file, overrides: overrides))
    var configuration = Configuration()
    configuration.visit(&reader)
    if !reader.isGiven("data.kind") {
      let kinds = Data.Kind.allCases.map(\.rawValue).joined(separator: " | ")
      reader.add("data.kind", "is missing; it takes \(kinds)")
    }
    if configuration.data.kind != .mix {
      for (key, selection) in [
        ("data.split.train", configuration.data.split.train), ("data.split.valid", configuration.data.split.valid),
      ] where selection == nil && !reader.isMisread(key) {
        reader.add(key, "is missing; it takes samples such as 1-3600")
      }
    }
    if configuration.run.name.isEmpty && !reader.isGiven("run.name") { configuration.run.name = stem(of: file) }
    if !reader.isGiven("train.shards") {
      configuration.train.shards = ShardPlan.fitting(batch: configuration.train.batch).last { $0 <= 4 } ?? 1
    }
    // What follows from a value that could not be read is no problem of its own.
    for contradiction in configuration.contradictions() where !contradiction.keys.contains(where: reader.isMisread) {
      reader.add(contradiction.keys[0], contradiction.text)
    }
    guard reader.problems.isEmpty else {
      throw ConfigurationError(reader.problems.sorted { $0.order < $1.order }.map(\.problem))
    }
    return configuration
  }

  /// The configuration as a file: every key with its value, and reading it gives this configuration again.
  public func yaml() -> String {
    var writer = ConfigurationWriter()
    var copy = self
    copy.visit(&writer)
    return writer.yaml
  }

  /// SHA-256 of all that changes what a run computes: two runs of one digest go the same way, as far as they go.
  public var digest: String {
    SHA256.digest(of: essentials.map { "\($0.key)=\($0.text)\n" }.joined())
  }

  /// The keys of which `digest` is made that differ, such as `run.seed 1, was 0`.
  public func differences(from other: Configuration) -> String {
    zip(essentials, other.essentials).filter { $0.text != $1.text }
      .map { "\($0.key) \($0.text), was \($1.text)" }.joined(separator: "; ")
  }

  /// All keys but where things lie and are recorded, how long the run is (unless a cosine schedule depends on it), how
  /// often it looks, and what machine it has: threads, kernels and BLAS core are compared apart.
  private var essentials: [(key: String, text: String)] {
    var writer = ConfigurationWriter()
    var copy = self
    for index in copy.data.sources.indices {
      copy.data.sources[index].path = ""
      copy.data.sources[index].annotations = ""
      copy.data.sources[index].images = ""
      copy.data.sources[index].headBoxes = ""
    }
    copy.visit(&writer)
    var left = Set([
      "run.directory", "run.name", "data.path", "data.annotations", "data.images", "data.head_boxes", "data.threads",
      "train.digest_every",
      "compute.threads",
      "compute.blas_core", "compute.kernels", "comm.bucket_mib",
    ])
    if optimizer.generator.schedule.course != .cosine && optimizer.discriminator.schedule.course != .cosine {
      left.formUnion(["train.epochs", "train.steps"])
    }
    let leftSections = ["checkpoint.", "evaluate.", "watchdog.", "supervise."]
    return writer.lines.map { left.contains($0.key) ? ($0.key, "") : $0 }.filter { line in
      !leftSections.contains { line.key.hasPrefix($0) }
    }
  }

  private static func stem(of file: String) -> String {
    let name = file.split(separator: "/").last.map(String.init) ?? file
    guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return name }
    return String(name[..<dot])
  }
}
