import Foundation
import PoseData
import RunRecord

extension JSONValue {
  /// Writes the value to a file, whose folder is made where it is not there.
  func write(to path: String) throws(DataError) {
    try Folder.make((path as NSString).deletingLastPathComponent)
    guard FileManager.default.createFile(atPath: path, contents: Data((text + "\n").utf8)) else {
      throw DataError(path, "cannot be written")
    }
  }
}

enum Folder {
  static func make(_ path: String) throws(DataError) {
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw DataError(path, "cannot be made: \(error.localizedDescription)")
    }
  }
}
