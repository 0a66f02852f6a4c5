import Glibc
import Platform

/// The checkpoints of one run: `checkpoints/step-NNNNNNN/` under its directory.
///
/// A checkpoint is written under another name (`step-NNNNNNN.tmp-<pid>`), every write, flush and close checked, and
/// renamed when it is complete: at no moment does a half-written one bear the name of a whole one, nor is an older one
/// removed before its successor is on the disk.
public struct CheckpointStore: Sendable {
  /// The good checkpoint to go on from, and what was wrong with the later ones.
  public struct Found: Sendable {
    public let checkpoint: Checkpoint
    public let rejected: [CheckpointError]
  }

  /// The folder that holds them.
  public let path: String

  public init(runDirectory: String) {
    path = "\(runDirectory)/checkpoints"
  }

  /// Opens `path`: a run's directory, of which the newest good checkpoint, or one checkpoint's directory.
  public static func open(_ path: String) throws(CheckpointError) -> Found {
    switch FileSystem.kind(of: path) {
    case .absent: throw CheckpointError(path, "there is no such directory")
    case .file, .other: throw CheckpointError(path, "is not the directory of a run or of a checkpoint")
    case .directory: break
    }
    if FileSystem.kind(of: "\(path)/checkpoints") == .directory {
      guard let found = try CheckpointStore(runDirectory: path).newestGood() else {
        throw CheckpointError(path, "the run has no checkpoint yet")
      }
      return found
    }
    let looksLikeOne = (CheckpointManifest.fileNames + [CheckpointManifest.fileName])
      .contains { FileSystem.kind(of: "\(path)/\($0)") == .file }
    guard looksLikeOne || step(ofDirectoryNamed: FileSystem.lastPart(of: path)) != nil else {
      throw CheckpointError(path, "is neither the directory of a run nor that of a checkpoint")
    }
    return Found(checkpoint: try Checkpoint(directory: path), rejected: [])
  }

  /// The steps that have a checkpoint, oldest first, good or not.
  public func steps() throws(CheckpointError) -> [Int] {
    do throws(FileSystemError) {
      return try FileSystem.names(in: path).compactMap(Self.step(ofDirectoryNamed:)).sorted()
    } catch {
      throw CheckpointError(error.path, error.problem)
    }
  }

  public func directory(ofStep step: Int) -> String {
    let digits = String(step)
    return "\(path)/step-" + String(repeating: "0", count: max(0, 7 - digits.count)) + digits
  }

  static func step(ofDirectoryNamed name: String) -> Int? {
    guard name.hasPrefix("step-") else { return nil }
    let digits = name.dropFirst(5)
    guard digits.count >= 7, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return Int(digits)
  }

  /// The newest checkpoint of at most `last` steps that verifies; nil where there is none at all.
  ///
  /// Where there are some and none is good, that is an error: to begin again in silence would throw work away.
  public func newestGood(upTo last: Int = .max) throws(CheckpointError) -> Found? {
    let steps = try steps().filter { $0 <= last }
    var rejected: [CheckpointError] = []
    for step in steps.reversed() {
      do throws(CheckpointError) {
        return Found(checkpoint: try Checkpoint(directory: directory(ofStep: step)), rejected: rejected)
      } catch {
        rejected.append(error)
      }
    }
    guard !rejected.isEmpty else { return nil }
    throw CheckpointError(
      path, "no checkpoint is good:" + rejected.map { "\n  \($0)" }.joined())
  }
}
