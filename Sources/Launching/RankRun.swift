import Foundation
import Platform

/// One run of ranks: started as a child, told of signals, ended, its code read back.
///
/// mpirun stands between its ranks and the terminal, answers INT and TERM by killing them a second or two later, and a signal
/// that comes while it ends by a fault of its own. So signals go to the ranks and mpirun gets none: it ends after its ranks,
/// and removes the memory that they shared. Only where it does not, it is killed.
package final class RankRun {
  /// When a run is given up.
  struct Standstill {
    /// A file whose time of change says that the run gets on.
    var file: String
    var patience: Duration
  }

  /// What the run's processes are known by, in EQUIPOISE_RUN.
  let word = String(UInt64.random(in: .min ... .max), radix: 36)

  /// Where its ranks may be; rank 0 is on the first.
  let hosts: [HostList.Host]

  private let arrangement: Arrangement
  private let options: LaunchOptions
  private let exitFile: String
  private let hostfile: String
  private let say: (String) -> Void
  private let shell = RemoteShell()
  private let clock = ContinuousClock()
  /// Whether a second signal ended it.
  private var isForced = false
  /// What was started, in one line.
  private(set) var commandLine = ""
  /// Seconds that hosts have to end their ranks.
  private static let endSeconds = 12.0

  /// - Parameters:
  ///   - files: what the names of the run's own files begin with, as `/tmp/equipoise-`.
  ///   - say: takes a line for people.
  init(_ arrangement: Arrangement, _ options: LaunchOptions, files: String, say: @escaping (String) -> Void) {
    self.arrangement = arrangement
    self.options = options
    self.say = say
    exitFile = "\(files)exit-\(word)"
    hostfile = "\(files)hosts-\(word)"
    hosts = arrangement.hosts ?? [HostList.Host(name: Host.name)]
  }

  /// Runs `command` to its end.
  ///
  /// - Throws: `FileSystemError` where its files cannot be written, `ChildProcessError` where it cannot be started.
  func run(_ command: RankCommand, environment more: [String: String] = [:], standstill: Standstill? = nil) throws
    -> RunEnding
  {
    defer { for file in [exitFile, hostfile] { unlink(file) } }
    // Of this run alone, so that no rank of an earlier one can write to it. One rank by itself has a code of its own too.
    do throws(FileSystemError) {
      try RunFile.create(exitFile)
    } catch {
      guard arrangement.isDirect else { throw error }
    }
    var environment = more
    environment["EQUIPOISE_RUN"] = word
    environment["EQUIPOISE_EXIT_FILE"] = exitFile
    environment["EQUIPOISE_TERMINAL"] = options.isTerminal ? "1" : "0"
    var words = command.words(threads: arrangement.toldThreads)
    if !arrangement.isDirect {
      if let hosts = arrangement.hosts { try RunFile.create(hostfile, HostList(hosts).text) }
      let mpirun = MpirunCommand(
        arrangement, options, hostfile: hostfile,
        directory: FileManager.default.currentDirectoryPath, variables: environment.keys.sorted())
      words = mpirun.words(command)
      environment["OMPI_ALLOW_RUN_AS_ROOT"] = "1"
      environment["OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"] = "1"
    }
    commandLine = words.joined(separator: " ")
    let child = try ChildProcess(words, environment: environment)
    let code = watch(child, standstill)
    let ending = RunEnding(rankZero: takeCode(), mpirun: code, isDirect: arrangement.isDirect)
    if isForced {
      say(ending.rankZero == nil ? "stopped at once, without saving" : "the run had saved and stopped already")
    }
    return ending
  }

  /// Sees to it that no process of a run is left.
  ///
  /// - Parameter word: what its processes are known by.
  /// - Returns: the hosts that could not be asked.
  static func reap(_ word: String, on hosts: [HostList.Host], seconds: Double = 30) -> [HostList.Host] {
    // mpirun, and what it started to reach the others, is here.
    let all = hosts.contains { ThisHost.isNamed($0.name) } ? hosts : hosts + [HostList.Host(name: Host.name)]
    let answers = RemoteShell().ask(RunScript.reap, [word], of: all, seconds: seconds)
    return zip(all, answers).filter { $1.code != 0 }.map(\.0)
  }

  // MARK: While it runs

  /// Waits for the child's end, handing signals on; nil where it had to be killed. A run that stands still is ended.
  private func watch(_ child: ChildProcess, _ standstill: Standstill?) -> Int32? {
    var lastChange = clock.now
    var lastLook = clock.now
    var seen = 0.0
    var handled = LaunchSignals.Counts()
    while true {
      if let code = child.poll() { return code }
      let counts = LaunchSignals.counts
      if counts.stops > 1 {
        isForced = true
        return end(child)
      }
      // Until there is a rank 0 to tell, it stays to be told.
      if counts.firstUser > handled.firstUser, tell(child, SIGUSR1, "USR1") { handled.firstUser = counts.firstUser }
      if counts.secondUser > handled.secondUser, tell(child, SIGUSR2, "USR2") { handled.secondUser = counts.secondUser }
      if counts.stops > handled.stops,
        counts.interrupts > 0 ? tell(child, SIGINT, "INT") : tell(child, SIGTERM, "TERM")
      {
        handled = counts
        say("stopping when the step is done and saved; once more ends it at once")
      }
      if let standstill {
        let written = RunFile.modification(of: standstill.file)
        // This process, and likely the ranks with it, may itself have been stopped for a while.
        if written != seen || clock.now - lastLook > .seconds(30) {
          seen = written
          lastChange = clock.now
        }
        lastLook = clock.now
        if clock.now - lastChange > standstill.patience { return end(child) }
      }
      usleep(50_000)
    }
  }

  /// Signals the ranks where rank 0 is; whether it was there.
  private func tell(_ child: ChildProcess, _ signal: Int32, _ name: String) -> Bool {
    if arrangement.isDirect {
      child.signal(signal)
      return true
    }
    return shell.ask(RunScript.signal, [word, name], of: [hosts[0]], seconds: 10)[0].code == 0
  }

  /// Ends the ranks, and mpirun after them; its code where it ends by itself.
  private func end(_ child: ChildProcess) -> Int32? {
    if !arrangement.isDirect { _ = Self.reap(word, on: hosts, seconds: Self.endSeconds) }
    if let code = child.poll() { return code }
    child.end()
    return nil
  }

  /// The code that rank 0 has left, on whatever host it ran.
  private func takeCode() -> Int32? {
    if let code = Self.code(
      in: (try? InputFile<FileSystemError>(exitFile).readAll(limit: 64)).map { String(decoding: $0, as: UTF8.self) })
    {
      return code
    }
    guard !ThisHost.isNamed(hosts[0].name) else { return nil }
    return Self.code(in: shell.ask(RunScript.takeCode, [exitFile], of: [hosts[0]], seconds: 10)[0].output)
  }

  /// A code as rank 0 writes it; nil for anything else.
  package static func code(in text: String?) -> Int32? {
    guard let word = text?.trimmingCharacters(in: .whitespacesAndNewlines), (1...3).contains(word.utf8.count),
      word.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
    else { return nil }
    return Int32(word)
  }
}
