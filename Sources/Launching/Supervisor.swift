import Configuration
import Foundation
import Platform
import RunRecord

/// `launch` with a retry policy: runs the training until it is done. When it dies of something that can be survived, begins
/// again from the last checkpoint, on the hosts that are left.
public final class Supervisor {
  /// What to run.
  public struct Plan: Sendable {
    /// The program's path.
    public var program: String
    /// Arguments of `train`: all but `--resume`.
    public var arguments: [String]
    /// Where the run begins, as `--resume` says it, until it has a checkpoint of its own.
    public var resumeArgument: String
    var resume: ResumeMode { ResumeMode(argument: resumeArgument) }
    /// As resolved from the arguments.
    public var configuration: Configuration
    public var options: LaunchOptions

    public init(
      program: String, arguments: [String], resume: String, configuration: Configuration, options: LaunchOptions
    ) {
      self.program = program
      self.arguments = arguments
      resumeArgument = resume
      self.configuration = configuration
      self.options = options
    }
  }

  private let plan: Plan
  private let say: (String) -> Void
  private let folder: String
  private let lock: RunLock
  private let journal: SupervisorJournal
  private var policy: RetryPolicy
  private var attempt = 0
  /// Whether an attempt of this supervisor's has been made.
  private var hasTried = false
  /// When the run's configuration was last written before this supervisor began, by the file system's clock.
  private let configurationBefore: Double
  private let clock = ContinuousClock()
  /// Seconds that a host has to answer.
  private static let answerSeconds = 15.0

  /// - Parameter say: takes a line for people.
  /// - Throws: errors of the file system, and of another supervisor in the same directory.
  public init(_ plan: Plan, say: @escaping (String) -> Void) throws {
    self.plan = plan
    self.say = say
    folder = URL(fileURLWithPath: plan.configuration.run.directory).path + "/" + RunDirectory.supervision
    try FileSystem.createDirectory(folder)
    lock = try RunLock(directory: folder)
    journal = try SupervisorJournal(folder: folder, say: say)
    configurationBefore = RunFile.modification(of: "\(plan.configuration.run.directory)/config.yaml")
    policy = RetryPolicy(
      attempts: plan.configuration.supervise.attempts, backoff: plan.configuration.supervise.backoff,
      newest: Self.newestCheckpoint(of: plan))
  }

  /// Returns the code to leave with.
  public func run() throws -> Int32 {
    LaunchSignals.install()
    try plan.options.requireExports()
    endLeftover()
    while true {
      if let code = LaunchSignals.stopCode { return code }
      attempt += 1
      let ending = try runOnce()
      hasTried = true
      let newest = newestCheckpoint
      if let code = LaunchSignals.stopCode {
        journal.noteEnd(attempt: attempt, code: ending.code, cause: ending.cause, checkpoint: newest)
        return ending.rankZero ?? code
      }
      var decision = policy.decide(ending, newest: newest)
      // A directory that is not empty stays so.
      if plan.resume == .fresh && !hasBegun && ending.code == ExitCode.fileSystem.rawValue {
        decision = .end(code: ending.code)
      }
      switch decision {
      case .end(let code):
        journal.noteEnd(attempt: attempt, code: ending.code, cause: ending.cause, checkpoint: newest)
        if policy.failures > policy.attempts {
          say("giving up after \(policy.attempts) restarts without a newer checkpoint: \(ending.cause)")
        }
        return code
      case .retry(let seconds):
        journal.noteEnd(
          attempt: attempt, code: ending.code, cause: ending.cause, checkpoint: newest, restartSeconds: seconds)
        let from = newest.map { "step \($0)" } ?? "the beginning"
        say("\(ending.cause); going on from \(from)" + (seconds > 0 ? " in \(Self.brief(seconds)) s" : ""))
        if let code = wait(seconds) { return code }
      }
    }
  }

  // MARK: One attempt

  private func runOnce() throws -> RunEnding {
    let command = try RankCommand(
      ["train"] + plan.arguments + ["--resume", hasOwnCheckpoint ? "auto" : plan.resumeArgument], own: plan.program)
    guard let arrangement = try arrange(command) else { return RunEnding(failure: "no host of the list answers") }
    if !arrangement.isDirect, !hasTried { _ = try MPIInstallation.find() }
    let run = RankRun(arrangement, plan.options, files: "\(folder)/", say: say)
    let names = arrangement.hosts?.map(\.name) ?? [Host.name]
    let wanted = plan.options.ranks.map { $0 > arrangement.ranks ? ", not \($0)," : "" } ?? ""
    say(
      "attempt \(attempt): \(arrangement.ranks) rank\(arrangement.ranks == 1 ? "" : "s")\(wanted) on "
        + (arrangement.hosts == nil ? "this host" : names.joined(separator: ", ")))
    journal.noteStart(
      attempt: attempt, word: run.word, ranks: arrangement.ranks, hosts: names, checkpoint: newestCheckpoint)
    let progressFile = "\(folder)/progress-\(run.word)"
    defer { unlink(progressFile) }
    let limit = plan.configuration.watchdog.seconds
    let ending: RunEnding
    do {
      // The ranks' own watchdogs go first: they know more.
      ending = try run.run(
        command, environment: ["EQUIPOISE_PROGRESS_FILE": progressFile],
        standstill: limit > 0 ? .init(file: progressFile, patience: .seconds(limit * 1.5 + 5)) : nil)
    } catch {
      let ending = RunEnding(failure: "the run could not be started: \(error)")
      // What never worked is for the caller to mend; what worked before may again.
      guard hasBegun else {
        journal.noteEnd(attempt: attempt, code: nil, cause: ending.cause, checkpoint: newestCheckpoint)
        throw error
      }
      return ending
    }
    end(run.word, on: run.hosts)
    return ending
  }

  /// Where ranks are to be, of the hosts that answer; nil where none does.
  ///
  /// - Throws: `LaunchError` where the hosts never had room for as many ranks as asked for, or are not alike. Fewer ranks than
  ///   asked for are good enough once hosts do not answer.
  private func arrange(_ command: RankCommand) throws(LaunchError) -> Arrangement? {
    let options = plan.options
    let threads = options.threads ?? (plan.configuration.compute.threads > 0 ? plan.configuration.compute.threads : nil)
    guard let list = options.hosts else {
      return .here(
        ranks: fitting(options.ranks ?? Host.cores), threads: threads, command, isBound: options.isBound)
    }
    let survey = HostSurvey(list.hosts, nil, directory: "/", seconds: Self.answerSeconds)
    for host in survey.silent { say("\(host) does not answer: left out") }
    let (hosts, cores) = survey.present
    guard !hosts.isEmpty else { return nil }
    if survey.silent.isEmpty { _ = try options.ranks(on: HostList(hosts)) }
    if options.isChecked, !hasTried {
      let alike = HostSurvey(hosts, command, directory: FileManager.default.currentDirectoryPath, seconds: nil)
      guard LaunchSignals.stopCode == nil else { return nil }
      try alike.requireAlike(say)
    }
    return .on(
      hosts, cores: cores, ranks: fitting(HostList(hosts).slots ?? hosts.count), threads: threads, command,
      isBound: options.isBound)
  }

  /// The largest power of two of ranks that `places`, the configuration and the user allow.
  private func fitting(_ places: Int) -> Int {
    max(1, min(places, plan.options.ranks ?? places, plan.configuration.train.shards)).powerOfTwoBelow
  }

  /// Whether a run of this supervisor's has taken the directory up.
  private var hasBegun: Bool {
    RunFile.modification(of: "\(plan.configuration.run.directory)/config.yaml") != configurationBefore
  }

  /// Whether that run has saved since: only then does its own record count before what `--resume` names.
  private var hasOwnCheckpoint: Bool {
    let directory = plan.configuration.run.directory
    guard hasBegun else { return false }
    guard case .path = plan.resume else { return true }
    guard let newest = newestCheckpoint else { return false }
    let saved = RunFile.modification(of: CheckpointStore(runDirectory: directory).directory(ofStep: newest))
    return saved >= RunFile.modification(of: "\(directory)/config.yaml")
  }

  private var newestCheckpoint: Int? { Self.newestCheckpoint(of: plan) }

  private static func newestCheckpoint(of plan: Plan) -> Int? {
    try? CheckpointStore(runDirectory: plan.configuration.run.directory).steps().last
  }

  // MARK: What is left of a run

  /// Sees to it that no process of a run is left: two runs must never write into one directory.
  private func end(_ word: String, on hosts: [HostList.Host]) {
    let died = clock.now
    let silent = RankRun.reap(word, on: hosts)
    guard !silent.isEmpty else { return }
    let limit = plan.configuration.watchdog.seconds
    let names = silent.map(\.name).joined(separator: ", ")
    guard limit > 0 else {
      say("warning: \(names) cannot be asked, and without watchdog.seconds old ranks may live on")
      return
    }
    // Ranks that cannot be reached are ended by their own watchdogs.
    let left = max(0, limit + 10 - (clock.now - died) / .seconds(1))
    say("\(names) cannot be asked: waiting \(Self.brief(left)) s for the ranks there to give up")
    _ = wait(left)
    _ = RankRun.reap(word, on: silent)
  }

  /// Ends what a supervisor that was killed has left running.
  private func endLeftover() {
    let (last, leftover) = journal.last()
    attempt = last
    guard let leftover else { return }
    say(
      "an earlier supervisor was killed in attempt \(last); ending what it left on "
        + leftover.hosts.joined(separator: ", "))
    let known = plan.options.hosts?.hosts ?? []
    let hosts = leftover.hosts.map { name in known.first { $0.name == name } ?? HostList.Host(name: name) }
    end(leftover.word, on: hosts)
    journal.noteEnd(attempt: last, code: nil, cause: "the supervisor was killed", checkpoint: newestCheckpoint)
  }

  /// Sleeps; the code to leave with where a signal asks for it.
  private func wait(_ seconds: Double) -> Int32? {
    let end = clock.now + .seconds(seconds)
    while clock.now < end, LaunchSignals.stopCode == nil { usleep(50_000) }
    return LaunchSignals.stopCode
  }

  private static func brief(_ seconds: Double) -> String {
    seconds == seconds.rounded() ? "\(Int(seconds))" : "\((seconds * 10).rounded() / 10)"
  }
}
