import Foundation

/// Where programs are.
enum ProgramPath {
  /// The file that the system would run for `name`; nil where there is none.
  static func find(_ name: String, path: String? = ProcessInfo.processInfo.environment["PATH"]) -> String? {
    if name.contains("/") { return access(name, X_OK) == 0 ? name : nil }
    // What the C library looks through where there is no PATH.
    let folders = (path ?? "/bin:/usr/bin").split(separator: ":", omittingEmptySubsequences: false)
    return folders.lazy.map { ($0.isEmpty ? "." : $0) + "/" + name }.first { access($0, X_OK) == 0 }
  }
}
