import Foundation

/// Real data sets with published predictions, outside the repository.
enum RealData {
  static let absence = "real data is not at hand (EQUIPOISE_DATA, or ../shared/data)"

  /// The folder of one of them; none where it is absent.
  static func folder(_ name: String) -> String? {
    func existing(_ root: String) -> String? {
      FileManager.default.fileExists(atPath: "\(root)/\(name)") ? "\(root)/\(name)" : nil
    }
    if let named = ProcessInfo.processInfo.environment["EQUIPOISE_DATA"] { return existing(named) }
    var folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    while folder.path != "/" {
      if let found = existing(folder.appendingPathComponent("shared/data").path) { return found }
      folder.deleteLastPathComponent()
    }
    return nil
  }
}
