import Glibc

/// The few operations on directories that a run's record needs, each checked.
enum FileSystem {
  enum Kind { case absent, file, directory, other }

  /// What lies at `path`, links followed.
  static func kind(of path: String) -> Kind {
    var status = stat()
    guard stat(path, &status) == 0 else { return .absent }
    switch status.st_mode & S_IFMT {
    case S_IFREG: return .file
    case S_IFDIR: return .directory
    default: return .other
    }
  }

  /// Makes `path` and what is missing above it.
  static func createDirectory(_ path: String) throws(FileSystemError) {
    var made = path.hasPrefix("/") ? "/" : ""
    for part in path.split(separator: "/") {
      made += (made.isEmpty || made == "/" ? "" : "/") + part
      guard mkdir(made, 0o777) != 0, errno != EEXIST else { continue }
      throw FileSystemError(made, cannot: "make the directory", errno: errno)
    }
    guard kind(of: path) == .directory else { throw FileSystemError(path, "is not a directory") }
  }

  /// The names in a directory, sorted; none where it is absent.
  static func names(in directory: String) throws(FileSystemError) -> [String] {
    guard let stream = opendir(directory) else {
      if errno == ENOENT { return [] }
      throw FileSystemError(directory, cannot: "list it", errno: errno)
    }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  /// Makes what has been created, renamed or removed in `directory` outlast a loss of power.
  static func synchronize(directory: String) throws(FileSystemError) {
    let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileSystemError(directory, cannot: "open it", errno: errno) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw FileSystemError(directory, cannot: "flush it", errno: errno) }
  }

  static func rename(_ old: String, to new: String) throws(FileSystemError) {
    guard Glibc.rename(old, new) == 0 else {
      throw FileSystemError(old, cannot: "rename it to \(new)", errno: errno)
    }
  }

  /// Removes a file, or a directory with all that is in it; links are removed, not followed.
  static func remove(_ path: String) throws(FileSystemError) {
    if unlink(path) == 0 || errno == ENOENT { return }
    guard errno == EISDIR || errno == EPERM else { throw FileSystemError(path, cannot: "remove it", errno: errno) }
    for name in try names(in: path) { try remove("\(path)/\(name)") }
    guard rmdir(path) == 0 || errno == ENOENT else {
      throw FileSystemError(path, cannot: "remove it", errno: errno)
    }
  }

  /// Refuses where less than `bytes` are free, before anything is written that could not be finished.
  static func requireSpace(_ bytes: Int, at path: String) throws(FileSystemError) {
    var status = statvfs()
    guard statvfs(path, &status) == 0 else {
      throw FileSystemError(path, cannot: "ask how much space is free", errno: errno)
    }
    let (free, overflow) = UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize))
    guard overflow || free >= UInt64(bytes) else {
      throw FileSystemError(path, "needs \(bytes >> 20) MiB of free space and there are \(free >> 20) MiB")
    }
  }

  /// Replaces the file at `path` in one step, so that whoever reads sees the old text or the new, whole.
  static func replace(_ path: String, with bytes: [UInt8]) throws(FileSystemError) {
    let temporary = "\(path).tmp-\(getpid())"
    do {
      try remove(temporary)
      let file = try OutputFile(creating: temporary)
      try file.write(bytes)
      _ = try file.finish()
      try rename(temporary, to: path)
    } catch {
      unlink(temporary)
      throw error
    }
    try synchronize(directory: parent(of: path))
  }

  static func parent(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// The last part of a path, trailing slashes ignored.
  static func lastPart(of path: String) -> String {
    path.split(separator: "/").last.map(String.init) ?? path
  }
}
