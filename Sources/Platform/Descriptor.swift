import Glibc

/// An open file, closed when its owner goes.
///
/// Every file that the program opens by name is opened here, by rules that say what it has to be.
public struct Descriptor: ~Copyable, Sendable {
  public let number: Int32

  deinit { close(number) }

  /// Closes the file; the error number, as a file system may report only now what it could not write.
  consuming func closed() -> Int32 {
    let code = close(number) == 0 ? 0 : errno
    discard self
    return code
  }

  /// What the file is opened for.
  public enum Access: Sendable {
    case reading
    /// Writing a new file; one that is already there is an error.
    case creating
    /// Writing to a file that is there, a device or a pipe.
    case writing
    /// Adding to the end; the file is made if it is missing.
    case appending
    /// Reading and writing in place; the file is made if it is missing.
    case updating

    fileprivate var flags: Int32 {
      switch self {
      case .reading: O_RDONLY
      case .creating: O_WRONLY | O_CREAT | O_EXCL
      case .writing: O_WRONLY
      case .appending: O_WRONLY | O_CREAT | O_APPEND
      case .updating: O_RDWR | O_CREAT
      }
    }

    fileprivate var problem: String { self == .creating ? "cannot be created" : "cannot be opened" }
  }

  /// What a file has to be before it is used.
  public struct Rules: Sendable {
    /// Whether the path's parts may be symbolic links: the last one, and under `inside` all of them.
    public var followsLinks: Bool
    /// Whether it must be a regular file: not a pipe, a device or a directory.
    public var isRegular: Bool
    /// Whether it must belong to this process's user.
    public var isOwn: Bool
    /// The directory that the path, relative to it, must not leave; nil: it may lie anywhere.
    public var inside: String?

    public init(followsLinks: Bool = true, isRegular: Bool = true, isOwn: Bool = false, inside: String? = nil) {
      self.followsLinks = followsLinks
      self.isRegular = isRegular
      self.isOwn = isOwn
      self.inside = inside
    }

    /// Any file of the user's choice: a pipe or a device too.
    public static let anything = Rules(isRegular: false)
  }

  /// Opens a file, or throws what is wrong with it.
  ///
  /// Opening never blocks: a pipe that nobody writes to would otherwise hold the run for ever.
  public init<Failure: FileFailure>(
    _ path: String, _ access: Access, _ rules: Rules = Rules(), mode: mode_t = 0o666, orThrow failure: Failure.Type
  ) throws(Failure) {
    let flags = access.flags | O_CLOEXEC | O_NONBLOCK | (rules.followsLinks ? 0 : O_NOFOLLOW)
    let opened: Int32
    if let directory = rules.inside {
      opened = try Self.openBeneath(directory, path, flags, mode, rules, orThrow: failure)
    } else {
      opened = open(path, flags, mode)
    }
    guard opened >= 0 else { throw Self.failure(path, access, rules, errno) }
    do throws(Failure) {
      try Self.check(opened, path, rules, orThrow: failure)
    } catch {
      close(opened)
      throw error
    }
    number = opened
  }

  private static func check<Failure: FileFailure>(
    _ number: Int32, _ path: String, _ rules: Rules, orThrow failure: Failure.Type
  ) throws(Failure) {
    var status = stat()
    guard fstat(number, &status) == 0 else { throw Failure(path, "cannot be examined", errno: errno) }
    let isRegular = status.st_mode & S_IFMT == S_IFREG
    guard isRegular || !rules.isRegular else { throw Failure(path, "is not a regular file") }
    guard status.st_uid == geteuid() || !rules.isOwn else { throw Failure(path, "belongs to another user") }
    if !isRegular { _ = fcntl(number, F_SETFL, fcntl(number, F_GETFL) & ~O_NONBLOCK) }
  }

  /// Opens `path` from `directory` on, part by part, so that neither `..` nor a link leads out of it.
  private static func openBeneath<Failure: FileFailure>(
    _ directory: String, _ path: String, _ flags: Int32, _ mode: mode_t, _ rules: Rules, orThrow failure: Failure.Type
  ) throws(Failure) -> Int32 {
    let parts = path.split(separator: "/")
    guard !path.hasPrefix("/"), let last = parts.last, !parts.contains("..") else {
      throw Failure(path, "does not lie inside \(directory)")
    }
    var folder = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard folder >= 0 else { throw Failure(directory, "cannot be opened", errno: errno) }
    defer { close(folder) }
    for part in parts.dropLast() {
      let next = openat(
        folder, String(part), O_RDONLY | O_DIRECTORY | O_CLOEXEC | (rules.followsLinks ? 0 : O_NOFOLLOW))
      guard next >= 0 else { return -1 }
      close(folder)
      folder = next
    }
    return openat(folder, String(last), flags, mode)
  }

  private static func failure<Failure: FileFailure>(
    _ path: String, _ access: Access, _ rules: Rules, _ code: Int32
  ) -> Failure {
    if !rules.followsLinks && (code == ELOOP || code == ENOTDIR) {
      return Failure(path, "is, or is reached by, a symbolic link")
    }
    return Failure(path, access.problem, errno: code)
  }

  /// Writes all of `bytes` at the file's position.
  public func write<Failure: FileFailure>(
    _ bytes: UnsafeRawBufferPointer, path: String, orThrow failure: Failure.Type
  ) throws(Failure) {
    var written = 0
    while written < bytes.count {
      let count = Glibc.write(number, bytes.baseAddress! + written, bytes.count - written)
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else {
        let code = count < 0 ? errno : EIO
        let hint = code == EFBIG ? "cannot be written; the limit is that of ulimit -f, or the file system's" : nil
        throw Failure(path, hint ?? "cannot be written", errno: code)
      }
      written += count
    }
  }
}
