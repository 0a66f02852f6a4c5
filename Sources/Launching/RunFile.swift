import Glibc
import RunRecord

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
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else {
      let cause = String(cString: strerror(errno))
      let isTemporary = path.hasPrefix(temporaryPrefix)
      throw FileSystemError(
        path, "cannot make it: \(cause)" + (isTemporary ? "; set TMPDIR to a folder that can be written to" : ""))
    }
    let bytes = Array(text.utf8)
    let written = write(descriptor, bytes, bytes.count)
    let cause = errno
    guard close(descriptor) == 0, written == bytes.count else {
      throw FileSystemError(path, "cannot write it: \(String(cString: strerror(cause)))")
    }
  }

  /// When it was last written, in seconds of the file system's clock; 0 where it is not there.
  static func modification(of path: String) -> Double {
    var status = stat()
    guard stat(path, &status) == 0 else { return 0 }
    return Double(status.st_mtim.tv_sec) + Double(status.st_mtim.tv_nsec) / 1e9
  }
}
