import Foundation
import Platform

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
    let hosts = try options.hosts.map { list throws(LaunchError) in try options.candidates(of: list.hosts) }
    let survey = options.isChecked ? hosts.map(ask) : nil
    if let code = LaunchSignals.stopCode { return code }
    try survey?.requireAlike(say)
    let arrangement = try arrange(hosts, survey)
    if !arrangement.isDirect { _ = try MPIInstallation.find() }
    let run = RankRun(arrangement, options, files: RunFile.temporaryPrefix, say: say)
    let ending = try run.run(command)
    if ending.rankZero == nil, ending.mpirun != 0 {
      let silent = RankRun.reap(run.word, on: run.hosts).map(\.name).joined(separator: ", ")
      if !silent.isEmpty { say("\(silent) cannot be asked: ranks there may live on") }
    }
    return explain(ending, run.commandLine)
  }

  private func ask(_ hosts: [HostList.Host]) -> HostSurvey {
    HostSurvey(hosts, command, directory: FileManager.default.currentDirectoryPath, seconds: nil)
  }

  private func arrange(_ listed: [HostList.Host]?, _ survey: HostSurvey?) throws(LaunchError) -> Arrangement {
    guard let hosts = survey?.present.hosts ?? listed else {
      // mpirun has a code for it that looks like a signal's.
      guard ProgramPath.find(command.program) != nil else { throw LaunchError("\(command.program): no such program") }
      return .here(ranks: options.ranks ?? 1, threads: options.threads, command, isBound: options.isBound)
    }
    return .on(
      hosts, cores: survey?.present.cores, ranks: try options.ranks(on: HostList(hosts)), threads: options.threads,
      command, isBound: options.isBound)
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
