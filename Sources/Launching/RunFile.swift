import Glibc
import Platform

/// Small files that a run's processes tell each other something by.
enum RunFile {
  /// What the names of a launcher's own files begin with, in TMPDIR or /tmp.
  ///
  /// mpirun and its ranks keep files in TMPDIR too, and without it mpirun ends with nothing said; so there is no other place to
  /// fall back to.
  static var temporaryPrefix: String {
    let folder = getenv("TMPDIR").map { String(cString: $0) } ?? ""
    return (folder.isEmpty ? "/tmp" : folder) + "/equipoise-"
  }

  /// Makes a file that is not there yet, for this user alone.
  static func create(_ path: String, _ text: String = "") throws(FileSystemError) {
    do throws(FileSystemError) {
      let file = try Descriptor(
        path, .creating, Descriptor.Rules(followsLinks: false), mode: 0o600, orThrow: FileSystemError.self)
      let outcome = Array(text.utf8).withUnsafeBytes { bytes in
        Result { () throws(FileSystemError) in try file.write(bytes, path: path, orThrow: FileSystemError.self) }
      }
      try outcome.get()
    } catch {
      guard path.hasPrefix(temporaryPrefix) else { throw error }
      throw FileSystemError(path, "\(error.problem); set TMPDIR to a folder that can be written to")
    }
  }

  /// When it was last written, in seconds of the file system's clock; 0 where it is not there.
  static func modification(of path: String) -> Double {
    var status = stat()
    guard stat(path, &status) == 0 else { return 0 }
    return Double(status.st_mtim.tv_sec) + Double(status.st_mtim.tv_nsec) / 1e9
  }
}
