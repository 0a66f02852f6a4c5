import Platform

/// `manifest.json`: size and SHA-256 of each file of a checkpoint, written last.
///
/// A checkpoint is good when its manifest is there and every file it names is as it says.
struct CheckpointManifest {
  struct File: Equatable {
    var bytes: Int
    var sha256: String
  }

  static let fileName = "manifest.json"
  /// The files of every checkpoint, in the order they are written.
  static let fileNames = ["state.safetensors", "config.yaml", "record.json"]

  var files: [String: File] = [:]

  var json: JSONObject {
    var members = JSONObject()
    for name in Self.fileNames {
      guard let file = files[name] else { continue }
      members.append(name, .object(["bytes": JSONValue(file.bytes), "sha256": .string(file.sha256)]))
    }
    return ["format": JSONValue(CheckpointRecord.formatVersion), "files": .object(members)]
  }

  init() {}

  init(directory: String) throws(CheckpointError) {
    let path = "\(directory)/\(Self.fileName)"
    let object = try JSONObject(InputFile<CheckpointError>(path).readAll(limit: 1 << 16), of: path, part: "it")
    let format = object["format"]?.int
    guard format == CheckpointRecord.formatVersion else {
      throw CheckpointError(path, "format \(format.map(String.init) ?? "none") is not the one this program reads")
    }
    let members = object["files"]?.object?.entries ?? []
    guard members.map(\.key).sorted() == Self.fileNames.sorted() else {
      throw CheckpointError(path, "does not name the files \(Self.fileNames.joined(separator: ", "))")
    }
    for member in members {
      guard let bytes = member.value.object?["bytes"]?.int, let sha256 = member.value.object?["sha256"]?.string else {
        throw CheckpointError(path, "says nothing of \(member.key)")
      }
      files[member.key] = File(bytes: bytes, sha256: sha256)
    }
  }

  /// Reads every file and compares it with what was noted when it was written.
  func verify(directory: String) throws(CheckpointError) {
    for name in Self.fileNames {
      let path = "\(directory)/\(name)"
      let file = try InputFile<CheckpointError>(path)
      guard let expected = files[name], file.count == expected.bytes else {
        throw CheckpointError(path, "has \(file.count) bytes, not \(files[name]?.bytes ?? 0)")
      }
      guard try file.digest() == expected.sha256 else {
        throw CheckpointError(path, "its SHA-256 is not the one in \(Self.fileName)")
      }
    }
  }
}

extension JSONObject {
  /// An object read from a checkpoint's file.
  init(_ bytes: [UInt8], of path: String, part: String) throws(CheckpointError) {
    do throws(JSONError) {
      guard let object = try JSONParser.parse(bytes).object else {
        throw JSONError(offset: 0, problem: "something other than an object")
      }
      self = object
    } catch {
      throw CheckpointError(path, "\(part) is not sound JSON: \(error)")
    }
  }
}
