import Glibc
import Platform

extension CheckpointStore {
  /// Writes a checkpoint, then removes all but the last `keep` and the best.
  ///
  /// `state` must hold the whole training state and `record.step` its step. The best is the one whose `record.metric`
  /// is greatest, the later of two alike. A checkpoint of the same step is replaced. Where anything fails, nothing
  /// stays behind, older checkpoints are as they were, and the error says what failed.
  /// Returns the new checkpoint's directory.
  @discardableResult
  public func save(
    state: [NamedArray], config: String, record: CheckpointRecord, keep: Int
  ) throws(FileSystemError) -> String {
    precondition(keep >= 1, "keep \(keep)")
    let final = directory(ofStep: record.step)
    let temporary = "\(final).tmp-\(getpid())"
    try FileSystem.createDirectory(path)
    try sweep(upTo: nil)
    try FileSystem.requireSpace(Safetensors.fileSize(of: state) + config.utf8.count + (1 << 20), at: path)
    do {
      try write(state, config, record, to: temporary)
      try putInPlace(temporary, as: final)
    } catch {
      // The first failure is the one to report; what is left behind the next save removes.
      do throws(FileSystemError) { try FileSystem.remove(temporary) } catch {}
      throw error
    }
    try sweep(upTo: record.step)
    try prune(keep: keep, saved: record.step)
    return final
  }

  /// Sets aside the checkpoints later than `step`, as when a run goes on from an earlier one or from before a damaged
  /// one: under the name `step-NNNNNNN.aside` they are no longer found, and are removed once the run has come as far
  /// again. Returns their steps.
  @discardableResult
  public func setAside(after step: Int) throws(FileSystemError) -> [Int] {
    let later = try FileSystem.names(in: path).compactMap(Self.step(ofDirectoryNamed:)).filter { $0 > step }
    for step in later {
      let directory = directory(ofStep: step)
      try FileSystem.remove("\(directory).aside")
      try FileSystem.rename(directory, to: "\(directory).aside")
    }
    if !later.isEmpty { try FileSystem.synchronize(directory: path) }
    return later.sorted()
  }

  private func write(
    _ state: [NamedArray], _ config: String, _ record: CheckpointRecord, to directory: String
  ) throws(FileSystemError) {
    try FileSystem.createDirectory(directory)
    var manifest = CheckpointManifest()
    let stateSHA = try Safetensors.write(state, to: "\(directory)/state.safetensors")
    manifest.files["state.safetensors"] = .init(bytes: Safetensors.fileSize(of: state), sha256: stateSHA)
    for (name, text) in [("config.yaml", config), ("record.json", record.json.text + "\n")] {
      manifest.files[name] = .init(bytes: text.utf8.count, sha256: try write(text, to: "\(directory)/\(name)"))
    }
    _ = try write(manifest.json.text + "\n", to: "\(directory)/\(CheckpointManifest.fileName)")
    try FileSystem.synchronize(directory: directory)
  }

  private func write(_ text: String, to path: String) throws(FileSystemError) -> String {
    let file = try OutputFile(creating: path)
    try file.write(Array(text.utf8))
    return try file.finish()
  }

  /// Gives a complete checkpoint its name. One of the same step steps aside first, as a directory cannot be renamed
  /// over another that is not empty; if the program dies between the two, `sweep` puts it back.
  private func putInPlace(_ temporary: String, as final: String) throws(FileSystemError) {
    if FileSystem.kind(of: final) != .absent {
      try FileSystem.remove("\(final).replaced")
      try FileSystem.rename(final, to: "\(final).replaced")
    }
    try FileSystem.rename(temporary, to: final)
    try FileSystem.synchronize(directory: path)
    try FileSystem.remove("\(final).replaced")
  }

  /// Clears away what writers that died have left, and checkpoints set aside that the run has now passed.
  private func sweep(upTo passed: Int?) throws(FileSystemError) {
    for name in try FileSystem.names(in: path) {
      guard let dot = name.firstIndex(of: "."), let step = Self.step(ofDirectoryNamed: String(name[..<dot])) else {
        continue
      }
      let suffix = name[name.index(after: dot)...]
      if suffix == "replaced", FileSystem.kind(of: directory(ofStep: step)) == .absent {
        try FileSystem.rename("\(path)/\(name)", to: directory(ofStep: step))
      } else if suffix == "replaced" || suffix.hasPrefix("tmp-") {
        try FileSystem.remove("\(path)/\(name)")
      } else if suffix == "aside", let passed, step <= passed {
        try FileSystem.remove("\(path)/\(name)")
      }
    }
  }

  private func prune(keep: Int, saved: Int) throws(FileSystemError) {
    let steps = try FileSystem.names(in: path).compactMap(Self.step(ofDirectoryNamed:)).filter { $0 <= saved }.sorted()
    let old = steps.dropLast(keep)
    guard !old.isEmpty else { return }
    let best = steps.map { (step: $0, metric: metric(ofStep: $0)) }
      .filter { $0.metric > -.infinity }
      .max { ($0.metric, $0.step) < ($1.metric, $1.step) }
    for step in old where step != best?.step { try FileSystem.remove(directory(ofStep: step)) }
    try FileSystem.synchronize(directory: path)
  }

  /// The metric noted with a checkpoint; minus infinity where there is none or it cannot be read.
  private func metric(ofStep step: Int) -> Double {
    let path = "\(directory(ofStep: step))/record.json"
    do throws(CheckpointError) {
      let object = try JSONObject(InputFile<CheckpointError>(path).readAll(limit: 1 << 16), of: path, part: "it")
      let metric = try CheckpointRecord(object, path: path).metric ?? -.infinity
      return metric.isNaN ? -.infinity : metric
    } catch {
      return -.infinity
    }
  }
}
