import Glibc
import Platform

/// What is known of a checkpoint beside its state: `record.json`.
///
/// None of it takes part in the fingerprint, and only `step` and `epoch` steer a resumed run; the rest is compared, and
/// a difference reported.
public struct CheckpointRecord: Sendable, Equatable {
  /// Completed steps.
  public var step: Int
  /// The epoch that the next step belongs to.
  public var epoch: Int
  public var seed: UInt64
  /// Digest of the configuration, of those keys that change results.
  public var configDigest: String
  public var datasetDigest: String
  public var worldSize: Int
  /// The instruction set that the kernels were chosen for, such as `v4`.
  public var kernels: String
  /// The validation metric at this step, greater is better; nil where none was taken.
  public var metric: Double?
  /// The joints that are learned, as `Training` writes them.
  public var skeleton: JSONObject
  /// Steps so far that were not finite and changed nothing.
  public var skippedSteps: Int
  /// The program that wrote it, as `--version` says it; empty if it did not say.
  public var program: String
  /// When the state was taken, UTC, as 2025-01-31T12:00:00Z.
  public var written: String

  /// The version of the layout of a checkpoint's directory and of the names in it.
  public static let formatVersion = 1

  public init(
    step: Int, epoch: Int, seed: UInt64, configDigest: String, datasetDigest: String, worldSize: Int,
    kernels: String, skeleton: JSONObject = [:], metric: Double? = nil, skippedSteps: Int = 0, program: String = "",
    written: String = CheckpointRecord.now()
  ) {
    self.step = step
    self.epoch = epoch
    self.seed = seed
    self.configDigest = configDigest
    self.datasetDigest = datasetDigest
    self.worldSize = worldSize
    self.kernels = kernels
    self.skeleton = skeleton
    self.metric = metric
    self.skippedSteps = skippedSteps
    self.program = program
    self.written = written
  }

  var json: JSONObject {
    var object: JSONObject = [
      "format": JSONValue(Self.formatVersion), "step": JSONValue(step), "epoch": JSONValue(epoch),
      "seed": JSONValue(seed), "config_digest": .string(configDigest), "dataset_digest": .string(datasetDigest),
      "world_size": JSONValue(worldSize), "kernels": .string(kernels),
      "skeleton": .object(skeleton), "skipped_steps": JSONValue(skippedSteps),
    ]
    if let metric { object.append("metric", JSONValue(metric)) }
    if !program.isEmpty { object.append("program", .string(program)) }
    object.append("written", .string(written))
    return object
  }

  init(_ object: JSONObject, path: String) throws(CheckpointError) {
    func missing(_ key: String) -> CheckpointError { CheckpointError(path, "\(key) is missing or of a wrong type") }
    func int(_ key: String) throws(CheckpointError) -> Int {
      guard let value = object[key]?.int, value >= 0 else { throw missing(key) }
      return value
    }
    func string(_ key: String) throws(CheckpointError) -> String {
      guard let value = object[key]?.string else { throw missing(key) }
      return value
    }
    let format = try int("format")
    guard format == Self.formatVersion else {
      throw CheckpointError(path, "format \(format) is not the one this program reads, \(Self.formatVersion)")
    }
    guard let skeleton = object["skeleton"]?.object else { throw missing("skeleton") }
    guard case .integer(let seed)? = object["seed"], let seed = UInt64(exactly: seed) else { throw missing("seed") }
    self.init(
      step: try int("step"), epoch: try int("epoch"), seed: seed, configDigest: try string("config_digest"),
      datasetDigest: try string("dataset_digest"), worldSize: try int("world_size"), kernels: try string("kernels"),
      skeleton: skeleton, metric: object["metric"]?.double, skippedSteps: try int("skipped_steps"),
      program: object["program"]?.string ?? "",
      written: try string("written"))
  }

  /// The time, UTC, as in `written`.
  public static func now() -> String {
    var seconds = time(nil)
    var parts = tm()
    gmtime_r(&seconds, &parts)
    func digits(_ value: Int32) -> String { value < 10 ? "0\(value)" : "\(value)" }
    return "\(parts.tm_year + 1900)-\(digits(parts.tm_mon + 1))-\(digits(parts.tm_mday))T"
      + "\(digits(parts.tm_hour)):\(digits(parts.tm_min)):\(digits(parts.tm_sec))Z"
  }
}
