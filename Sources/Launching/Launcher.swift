import Foundation
import RunRecord

/// Runs a command on ranks, once.
public struct Launcher {
  private let command: RankCommand
  private let options: LaunchOptions
  private let say: (String) -> Void

  /// - Parameter say: takes a line for people.
  public init(_ command: RankCommand, _ options: LaunchOptions, say: @escaping (String) -> Void) {
    self.command = command
    self.options = options
    self.say = say
  }

  /// Returns the code to leave with: rank 0's.
  ///
  /// - Throws: `LaunchError` and `MPIInstallation.Fault` where nothing is started, `FileSystemError` where the run's own
  ///   files cannot be written, `ChildProcessError` where there is no such program.
  public func run() throws -> Int32 {
    LaunchSignals.install()
    try options.requireExports()
    let arrangement = try arrange()
    if let code = LaunchSignals.stopCode { return code }
    if !arrangement.isDirect { _ = try MPIInstallation.find() }
    let run = RankRun(arrangement, options, files: RunFile.temporaryPrefix, say: say)
    let ending = try run.run(command)
    if ending.rankZero == nil, ending.mpirun != 0 {
      let silent = RankRun.reap(run.word, on: run.hosts).map(\.name).joined(separator: ", ")
      if !silent.isEmpty { say("\(silent) cannot be asked: ranks there may live on") }
    }
    return explain(ending, run.commandLine)
  }

  private func arrange() throws(LaunchError) -> Arrangement {
    guard let list = options.hosts else {
      return .here(ranks: options.ranks ?? 1, threads: options.threads, command, isBound: options.isBound)
    }
    var hosts = try options.candidates(of: list.hosts)
    var cores: [Int]?
    if options.isChecked {
      let survey = HostSurvey(
        hosts, command, directory: FileManager.default.currentDirectoryPath, seconds: nil)
      try survey.requireAlike(say)
      (hosts, cores) = survey.present
    }
    return .on(
      hosts, cores: cores, ranks: try options.ranks(on: HostList(hosts)), threads: options.threads, command,
      isBound: options.isBound)
  }

  /// Says how a run ended where rank 0 has not; the code to leave with.
  private func explain(_ ending: RunEnding, _ commandLine: String) -> Int32 {
    if let left = ending.rankZero {
      if left == 0, let code = ending.mpirun, code != 0 { say("rank 0 ended well, but mpirun ended with \(code)") }
      return left
    }
    if let code = LaunchSignals.stopCode { return code }
    // 9: a rank that gave up on rank 0 has said so.
    if ending.isSignal {
      say(ending.cause)
    } else if !ending.isDirect, ending.code != 0, ending.code != ExitCode.rankLost.rawValue {
      say("\(ending.cause) and rank 0 left no code; without -q it says more: \(commandLine)")
    }
    return ending.code
  }
}
