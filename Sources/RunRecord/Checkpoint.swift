import Platform

/// One checkpoint that has been found good: every file as its manifest says, the state's header and the record sound.
public struct Checkpoint: Sendable {
  /// Its directory.
  public let path: String
  public let record: CheckpointRecord
  /// The configuration of the run that wrote it, resolved.
  public let config: String
  /// The training state: parameters, normalisation statistics, moments, and the scalars `k_t` (F64), `step` and
  /// `samples_seen` (I64).
  public let state: SafetensorsFile

  public var step: Int { record.step }

  /// Opens and verifies the checkpoint in `directory`.
  public init(directory: String) throws(CheckpointError) {
    guard FileSystem.kind(of: directory) == .directory else {
      throw CheckpointError(directory, "is not a directory")
    }
    try CheckpointManifest(directory: directory).verify(directory: directory)
    path = directory
    state = try SafetensorsFile("\(directory)/state.safetensors")
    let recordPath = "\(directory)/record.json"
    record = try CheckpointRecord(
      JSONObject(InputFile<CheckpointError>(recordPath).readAll(limit: 1 << 16), of: recordPath, part: "it"),
      path: recordPath)
    let configPath = "\(directory)/config.yaml"
    guard
      let text = String(validating: try InputFile<CheckpointError>(configPath).readAll(limit: 1 << 20), as: UTF8.self)
    else {
      throw CheckpointError(configPath, "is not UTF-8")
    }
    config = text
    if let expected = CheckpointStore.step(ofDirectoryNamed: FileSystem.lastPart(of: directory)) {
      guard record.step == expected else {
        throw CheckpointError(recordPath, "says step \(record.step), its directory step \(expected)")
      }
    }
  }

  /// SHA-256 of the whole training state, 64 hexadecimal digits.
  public func fingerprint() throws(CheckpointError) -> String {
    try Fingerprint.of(state)
  }
}
