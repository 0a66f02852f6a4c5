import Foundation
import PoseData

/// Where tests find files and may write them.
enum TestFolders {
  private static let here = URL(fileURLWithPath: #filePath).deletingLastPathComponent()

  static func fixture(_ name: String) -> String { here.appendingPathComponent("Fixtures/\(name)").path }

  /// Real data, outside the repository; none where it is absent.
  static let data: String? = {
    if let named = ProcessInfo.processInfo.environment["EQUIPOISE_DATA"] { return existing(named) }
    var folder = here
    while folder.path != "/" {
      if let found = existing(folder.appendingPathComponent("shared/data").path) { return found }
      folder.deleteLastPathComponent()
    }
    return nil
  }()

  private static func existing(_ path: String) -> String? { FileManager.default.fileExists(atPath: path) ? path : nil }

  static var hasData: Bool { data != nil }

  /// Runs `body` with a folder that is removed afterwards.
  static func withTemporary<Result>(_ body: (String) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("equipoise-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder.path)
  }
}

/// The error that `body` throws, if it throws one.
func dataError(_ body: () throws(DataError) -> Void) -> DataError? {
  do {
    try body()
    return nil
  } catch {
    return error
  }
}
