import Foundation

/// Leeds Sports Pose with published predictions, outside the repository; none where it is absent.
let lspFolder: String? = {
  func existing(_ root: String) -> String? {
    FileManager.default.fileExists(atPath: root + "/lsp-eval") ? root + "/lsp-eval" : nil
  }
  if let named = ProcessInfo.processInfo.environment["EQUIPOISE_DATA"] { return existing(named) }
  var folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
  while folder.path != "/" {
    if let found = existing(folder.appendingPathComponent("shared/data").path) { return found }
    folder.deleteLastPathComponent()
  }
  return nil
}()
