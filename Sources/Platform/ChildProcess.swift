import Glibc

/// A process of ours, in a group of its own so that a terminal's signals do not reach it.
///
/// Foundation's Process has no groups, leaves signals as they are, and wants a run loop; hence posix_spawn.
public struct ChildProcess {
  public let id: pid_t

  /// Starts `arguments`, the first of which is looked for in PATH; standard output and error are this process's.
  ///
  /// - Parameters:
  ///   - environment: in addition to this process's.
  ///   - input: what it reads, less than a pipe holds (64 KiB); nothing where nil.
  /// - Throws: the system's error number.
  public init(_ arguments: [String], environment: [String: String] = [:], input: String? = nil)
    throws(ChildProcessError)
  {
    var actions = posix_spawn_file_actions_t()
    var attributes = posix_spawnattr_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawnattr_init(&attributes)
    defer {
      posix_spawn_file_actions_destroy(&actions)
      posix_spawnattr_destroy(&attributes)
    }
    var pipe: [Int32] = [-1, -1]
    if let input {
      guard Glibc.pipe(&pipe) == 0 else { throw ChildProcessError(arguments[0], errno) }
      for end in pipe { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
      let bytes = Array(input.utf8)
      precondition(bytes.count < 60_000)
      _ = write(pipe[1], bytes, bytes.count)
      close(pipe[1])
      posix_spawn_file_actions_adddup2(&actions, pipe[0], 0)
    } else {
      posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    }
    defer { if pipe[0] >= 0 { close(pipe[0]) } }
    var signals = sigset_t()
    sigfillset(&signals)
    posix_spawnattr_setsigdefault(&attributes, &signals)
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))

    let words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
    var settings: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0)=\($1)") }
    var entry = environ
    while let setting = entry.pointee {
      if !environment.keys.contains(String(String(cString: setting).prefix { $0 != "=" })) {
        settings.append(strdup(setting))
      }
      entry += 1
    }
    settings.append(nil)
    defer { for word in words + settings { free(word) } }
    var id = pid_t()
    let code = posix_spawnp(&id, arguments[0], &actions, &attributes, words, settings)
    guard code == 0 else { throw ChildProcessError(arguments[0], code) }
    self.id = id
  }

  /// The code it ended with, as a shell would say it: 128 + n after signal n; nil while it runs. Nil for ever once told.
  public func poll() -> Int32? {
    var status: Int32 = 0
    let found = waitpid(id, &status, WNOHANG)
    // Somebody else has waited for it: it has ended, nobody knows how.
    if found < 0 && errno == ECHILD { return 1 }
    guard found == id else { return nil }
    let signal = status & 0x7F
    return signal == 0 ? (status >> 8) & 0xFF : 128 + signal
  }

  /// Signals its whole group.
  public func signal(_ number: Int32) { kill(-id, number) }

  /// Kills its group and waits for it.
  public func end() {
    signal(SIGKILL)
    while poll() == nil { usleep(1000) }
  }
}

/// A process that could not be started.
public struct ChildProcessError: ExitCodeError, Sendable, CustomStringConvertible {
  public let description: String
  public var exitCode: ExitCode { .usage }

  init(_ program: String, _ code: Int32) {
    description = "\(program) cannot be started: \(String(cString: strerror(code)))"
  }
}
