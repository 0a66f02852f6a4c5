import Glibc

/// Operations on files and directories by their paths, each checked.
public enum FileSystem {
  public enum Kind: Sendable { case absent, file, directory, other }

  /// What lies at `path`, links followed.
  public static func kind(of path: String) -> Kind {
    var status = stat()
    guard stat(path, &status) == 0 else { return .absent }
    switch status.st_mode & S_IFMT {
    case S_IFREG: return .file
    case S_IFDIR: return .directory
    default: return .other
    }
  }

  /// Makes `path` and what is missing above it.
  public static func createDirectory(_ path: String) throws(FileSystemError) {
    var made = path.hasPrefix("/") ? "/" : ""
    for part in path.split(separator: "/") {
      made += (made.isEmpty || made == "/" ? "" : "/") + part
      guard mkdir(made, 0o777) != 0, errno != EEXIST else { continue }
      throw FileSystemError(made, "cannot make the directory", errno: errno)
    }
    guard kind(of: path) == .directory else { throw FileSystemError(path, "is not a directory") }
  }

  /// The names in a directory, sorted; none if it is absent.
  public static func names(in directory: String) throws(FileSystemError) -> [String] {
    guard let stream = opendir(directory) else {
      if errno == ENOENT { return [] }
      throw FileSystemError(directory, "cannot be listed", errno: errno)
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
  ///
  /// - Returns: false if the file system has no such operation for folders, as some network file systems have not.
  @discardableResult
  public static func synchronize(directory: String) throws(FileSystemError) -> Bool {
    let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileSystemError(directory, "cannot be opened", errno: errno) }
    defer { close(descriptor) }
    if fsync(descriptor) == 0 { return true }
    guard [EINVAL, ENOSYS, EOPNOTSUPP, EBADF].contains(errno) else {
      throw FileSystemError(directory, "cannot be flushed", errno: errno)
    }
    return false
  }

  public static func rename(_ old: String, to new: String) throws(FileSystemError) {
    guard Glibc.rename(old, new) == 0 else {
      throw FileSystemError(old, "cannot be renamed to \(new)", errno: errno)
    }
  }

  /// Removes a file, or a directory with all that is in it; links are removed, not followed.
  public static func remove(_ path: String) throws(FileSystemError) {
    if unlink(path) == 0 || errno == ENOENT { return }
    guard errno == EISDIR || errno == EPERM else { throw FileSystemError(path, "cannot be removed", errno: errno) }
    for name in try names(in: path) { try remove("\(path)/\(name)") }
    guard rmdir(path) == 0 || errno == ENOENT else {
      throw FileSystemError(path, "cannot be removed", errno: errno)
    }
  }

  /// Bytes that this user may still write where `path` lies; nil if the file system does not say.
  public static func freeBytes(at path: String) -> Int? {
    var status = statvfs()
    guard statvfs(path, &status) == 0, status.f_blocks > 0 else { return nil }
    let (free, overflow) = UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize))
    return overflow ? Int.max : Int(min(free, UInt64(Int.max)))
  }

  /// Refuses if less than `bytes` are free, before anything is written that could not be finished.
  public static func requireSpace(_ bytes: Int, at path: String) throws(FileSystemError) {
    guard let free = freeBytes(at: path), free < bytes else { return }
    throw FileSystemError(path, "needs \(bytes >> 20) MiB of free space and there are \(free >> 20) MiB")
  }

  // MARK: Whole files

  /// Replaces the file at `path` in one step, so that a reader sees the old content or the new one, whole; the folder is
  /// made if it is missing. A device or a pipe is written to as it is.
  ///
  /// - Parameter isDurable: whether the content must outlast a loss of power.
  public static func write(_ bytes: [UInt8], to path: String, isDurable: Bool = true) throws(FileSystemError) {
    if kind(of: path) == .other {
      let file = try OutputFile(through: path)
      try file.write(bytes)
      try file.finish(isDurable: false)
      return
    }
    try createDirectory(parent(of: path))
    try replace(path, isDurable: isDurable) { temporary throws(FileSystemError) in
      let file = try OutputFile(creating: temporary)
      try file.write(bytes)
      try file.finish(isDurable: isDurable)
    }
  }

  public static func write(_ text: String, to path: String, isDurable: Bool = true) throws(FileSystemError) {
    try write(Array(text.utf8), to: path, isDurable: isDurable)
  }

  /// The same for a file that `body` writes at the temporary path it is given; on an error nothing is left behind.
  public static func replace(
    _ path: String, isDurable: Bool = true, with body: (_ temporary: String) throws(FileSystemError) -> Void
  ) throws(FileSystemError) {
    let temporary = "\(path).tmp-\(getpid())"
    do throws(FileSystemError) {
      try remove(temporary)
      try body(temporary)
      try rename(temporary, to: path)
    } catch {
      unlink(temporary)
      // The reader knows the file by its own name.
      throw error.path == temporary ? FileSystemError(path, error.problem) : error
    }
    if isDurable { try synchronize(directory: parent(of: path)) }
  }

  /// Refuses a path that a file could not be written to, before the work whose result it is to hold; the folder is made
  /// if it is missing.
  public static func requireWritable(_ path: String) throws(FileSystemError) {
    switch kind(of: path) {
    case .directory: throw FileSystemError(path, "is a directory, not a file to write")
    case .other: break
    case .absent, .file: try requireWritable(directory: parent(of: path))
    }
  }

  /// The same of a folder for files.
  public static func requireWritable(directory: String) throws(FileSystemError) {
    try createDirectory(directory)
    guard access(directory, W_OK | X_OK) == 0 else {
      throw FileSystemError(directory, "cannot be written to", errno: errno)
    }
  }

  // MARK: Paths

  public static func parent(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// The last part of a path, trailing slashes ignored.
  public static func lastPart(of path: String) -> String {
    path.split(separator: "/").last.map(String.init) ?? path
  }
}
