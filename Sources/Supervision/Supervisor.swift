import Configuration
import Foundation
import Platform
import RunRecord
import Tensors

/// Runs mpirun until the training is done: when it dies of something that can be survived, begins again from the last
/// checkpoint, on the machines that are left.
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
    /// Wanted number; as many as fit where nil.
    public var ranks: Int?
    public var hosts: HostList?
    public var isTerminal: Bool

    public init(
      program: String, arguments: [String], resume: String, configuration: Configuration, ranks: Int?,
      hosts: HostList?, isTerminal: Bool
    ) {
      self.program = program
      self.arguments = arguments
      resumeArgument = resume
      self.configuration = configuration
      self.ranks = ranks
      self.hosts = hosts
      self.isTerminal = isTerminal
    }
  }

  private let plan: Plan
  private let say: (String) -> Void
  private let folder: String
  private let lock: RunLock
  private let journal: RunLog
  private let shell = RemoteShell()
  private var policy: RetryPolicy
  private var attempt = 0
  /// When the run's configuration was last written before this supervisor began, by the file system's clock.
  private let configurationBefore: Double
  private let clock = ContinuousClock()

  /// - Parameter say: takes a line for people.
  /// - Throws: errors of the file system, and of another supervisor in the same directory.
  public init(_ plan: Plan, say: @escaping (String) -> Void) throws {
    self.plan = plan
    self.say = say
    folder = URL(fileURLWithPath: plan.configuration.run.directory).path + "/" + RunDirectory.supervision
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    lock = try RunLock(directory: folder)
    journal = try RunLog("\(folder)/journal.jsonl")
    configurationBefore = Self.modification(of: "\(plan.configuration.run.directory)/config.yaml")
    policy = RetryPolicy(
      attempts: plan.configuration.supervise.attempts, backoff: plan.configuration.supervise.backoff,
      newest: Self.newestCheckpoint(of: plan))
  }

  /// Returns the code to leave with.
  public func run() throws -> Int32 {
    SupervisorSignals.install()
    endLeftovers()
    while true {
      if let code = SupervisorSignals.stopCode { return code }
      attempt += 1
      let (ending, cause) = try runOnce()
      let newest = newestCheckpoint
      var decision = policy.decide(ending, newest: newest)
      // A directory that is not empty stays so.
      if plan.resume == .fresh && !hasBegun && ending.code == ExitCode.fileSystem.rawValue {
        decision = .end(code: ending.code)
      }
      var line: JSONObject = [
        "event": "ended", "attempt": JSONValue(attempt), "time": .string(CheckpointRecord.now()),
        "code": JSONValue(ending.code),
        "cause": .string(cause), "checkpoint": newest.map { JSONValue($0) } ?? .null,
      ]
      if let code = SupervisorSignals.stopCode {
        note(line)
        return ending.rankZero ?? code
      }
      switch decision {
      case .end(let code):
        note(line)
        if policy.failures > policy.attempts {
          say("giving up after \(policy.attempts) restarts without a newer checkpoint: \(cause)")
        }
        return code
      case .retry(let seconds):
        line.append("restart_after_seconds", JSONValue(seconds))
        note(line)
        let from = newest.map { "step \($0)" } ?? "the beginning"
        say("\(cause); going on from \(from)" + (seconds > 0 ? " in \(Self.brief(seconds)) s" : ""))
        if let code = wait(seconds) { return code }
      }
    }
  }

  // MARK: One attempt

  private func runOnce() throws -> (RetryPolicy.Ending, cause: String) {
    let hosts = plan.hosts.map { hostsThatAnswer(of: $0) }
    if let hosts, hosts.hosts.isEmpty {
      return (RetryPolicy.Ending(), "no machine of the list answers")
    }
    let ranks = self.ranks(on: hosts)
    let machines = hosts.map { $0.hosts.map(\.name).joined(separator: ", ") } ?? "this machine"
    say("attempt \(attempt): \(ranks) rank\(ranks == 1 ? "" : "s") on \(machines)")
    let word = String(UInt64.random(in: .min ... .max), radix: 36)
    // Of this attempt alone, so that no rank of an earlier one can write to them.
    let (exitFile, progressFile) = ("\(folder)/exit-\(word)", "\(folder)/progress-\(word)")
    defer { for file in [exitFile, progressFile] { unlink(file) } }
    let names = hosts?.hosts.map(\.name) ?? [Host.name]
    note([
      "event": "started", "attempt": JSONValue(attempt), "time": .string(CheckpointRecord.now()), "run": .string(word),
      "ranks": JSONValue(ranks), "hosts": .array(names.map { .string($0) }),
      "checkpoint": newestCheckpoint.map { JSONValue($0) } ?? .null,
    ])
    let child: ChildProcess
    do {
      child = try ChildProcess(
        try command(ranks: ranks, hosts),
        environment: [
          "EQUIPOISE_RUN": word, "EQUIPOISE_EXIT_FILE": exitFile, "EQUIPOISE_PROGRESS_FILE": progressFile,
          "EQUIPOISE_TERMINAL": plan.isTerminal ? "1" : "0", "OMPI_ALLOW_RUN_AS_ROOT": "1",
          "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
        ])
    } catch {
      // What never worked is for the caller to mend; what worked before may again.
      guard hasBegun else { throw error }
      return (RetryPolicy.Ending(), "mpirun could not be started: \(error)")
    }
    let mpirun = watch(child, progressFile, word, names)
    if mpirun == nil { child.end() }
    end(word, on: names)
    let left = FileManager.default.contents(atPath: exitFile).flatMap {
      Int32(String(decoding: $0, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines))
    }
    let ending = RetryPolicy.Ending(rankZero: left, mpirun: mpirun)
    return (ending, Self.cause(of: ending))
  }

  /// Waits for mpirun's end, handing signals on; nil where it had to be given up.
  private func watch(_ child: ChildProcess, _ progressFile: String, _ word: String, _ hosts: [String]) -> Int32? {
    let limit = plan.configuration.watchdog.seconds
    // The ranks' own watchdogs go first: they know more.
    let patience = limit > 0 ? Duration.seconds(limit * 1.5 + 5) : .seconds(1e9)
    var lastChange = clock.now
    var lastLook = clock.now
    var seen = 0.0
    var handled = SupervisorSignals.Counts()
    while true {
      if let code = child.poll() { return code }
      let counts = SupervisorSignals.counts
      if counts.stops > 1 { return nil }
      // Until there is a rank 0 to tell, it stays to be told.
      if counts.save > handled.save, tell("USR1", word, hosts) { handled.save = counts.save }
      if counts.stops > handled.stops, tell(counts.interrupts > 0 ? "INT" : "TERM", word, hosts) {
        handled = counts
        say("stopping when the step is done and saved; once more ends it at once")
      }
      let written = Self.modification(of: progressFile)
      // This process, and likely the ranks with it, may itself have been stopped for a while.
      if written != seen || clock.now - lastLook > .seconds(30) {
        seen = written
        lastChange = clock.now
      }
      lastLook = clock.now
      if clock.now - lastChange > patience { return nil }
      usleep(50_000)
    }
  }

  private func command(ranks: Int, _ hosts: HostList?) throws -> [String] {
    var command = ["mpirun", "-q", "-n", "\(ranks)"]
    var arguments = plan.arguments
    arguments += ["--resume", hasOwnCheckpoint ? "auto" : plan.resumeArgument]
    if let hosts {
      let file = "\(folder)/hosts"
      try hosts.text.write(toFile: file, atomically: true, encoding: .utf8)
      command += ["--hostfile", file, "--map-by", "slot", "--bind-to", "none"]
    } else {
      let cores = ThreadPool.cores
      var threads = plan.configuration.compute.threads
      if threads == 0 {
        // The program cannot tell the cores it is bound to from the machine's.
        threads = max(1, cores / ranks)
        arguments += ["--set", "compute.threads=\(threads)"]
      }
      command +=
        ranks * threads == cores && cores == sysconf(Int32(_SC_NPROCESSORS_ONLN))
        ? ["--use-hwthread-cpus", "--map-by", "slot:PE=\(threads)", "--bind-to", "hwthread"]
        : ["--oversubscribe", "--bind-to", "none"]
    }
    for name in ["RUN", "EXIT_FILE", "PROGRESS_FILE", "TERMINAL"] { command += ["-x", "EQUIPOISE_\(name)"] }
    return command + [plan.program, "train"] + arguments
  }

  /// Whether a run of this supervisor's has taken the directory up.
  private var hasBegun: Bool {
    Self.modification(of: "\(plan.configuration.run.directory)/config.yaml") != configurationBefore
  }

  /// Whether that run has saved since: only then does its own record count before what `--resume` names.
  private var hasOwnCheckpoint: Bool {
    let directory = plan.configuration.run.directory
    guard hasBegun else { return false }
    guard case .path = plan.resume else { return true }
    guard let newest = newestCheckpoint else { return false }
    let saved = Self.modification(of: CheckpointStore(runDirectory: directory).directory(ofStep: newest))
    return saved >= Self.modification(of: "\(directory)/config.yaml")
  }

  /// The largest power of two that fits.
  private func ranks(on hosts: HostList?) -> Int {
    let places = hosts?.slots ?? plan.ranks ?? ThreadPool.cores
    let most = min(places, plan.ranks ?? places, plan.configuration.train.shards)
    return 1 << (Int.bitWidth - 1 - max(1, most).leadingZeroBitCount)
  }

  // MARK: Machines

  private func hostsThatAnswer(of list: HostList) -> HostList {
    let silent = list.unreachable(seconds: 15)
    for host in silent { say("\(host) does not answer: left out") }
    return HostList(list.hosts.filter { !silent.contains($0.name) })
  }

  /// Signals rank 0, wherever it is; whether there was one.
  private func tell(_ signal: String, _ word: String, _ hosts: [String]) -> Bool {
    !shell.run(RunScript.signal, [word, signal], on: hosts, seconds: 10).isEmpty
  }

  /// Sees to it that no process of a run is left: two runs must never write into one directory.
  private func end(_ word: String, on hosts: [String]) {
    let died = clock.now
    // mpirun, and what it started to reach the others, is here.
    let all = hosts.contains(where: RemoteShell.isThisMachine) ? hosts : hosts + [Host.name]
    let answered = shell.run(RunScript.reap, [word], on: all, seconds: 30)
    let silent = all.filter { !answered.contains($0) }
    guard !silent.isEmpty else { return }
    let limit = plan.configuration.watchdog.seconds
    guard limit > 0 else {
      say(
        "warning: \(silent.joined(separator: ", ")) cannot be asked, and without watchdog.seconds old ranks may live on"
      )
      return
    }
    // Ranks that cannot be reached are ended by their own watchdogs.
    let left = max(0, limit + 10 - (clock.now - died) / .seconds(1))
    say(
      "\(silent.joined(separator: ", ")) cannot be asked: waiting \(Self.brief(left)) s for the ranks there to give up")
    _ = wait(left)
    _ = shell.run(RunScript.reap, [word], on: silent, seconds: 30)
  }

  /// Ends what a supervisor that was killed has left running.
  private func endLeftovers() {
    guard let data = FileManager.default.contents(atPath: journal.path) else { return }
    let lines = data.split(separator: UInt8(ascii: "\n")).suffix(64).compactMap { line in
      try? JSONParser.parse(Array(line)).object
    }
    attempt = lines.last?["attempt"]?.int ?? 0
    guard let last = lines.last, last["event"]?.string == "started", let word = last["run"]?.string else { return }
    let hosts = last["hosts"]?.array?.compactMap(\.string) ?? [Host.name]
    say(
      "an earlier supervisor was killed in attempt \(attempt); ending what it left on \(hosts.joined(separator: ", "))")
    end(word, on: hosts)
    note([
      "event": "ended", "attempt": JSONValue(attempt), "time": .string(CheckpointRecord.now()), "code": .null,
      "cause": .string("the supervisor was killed"), "checkpoint": newestCheckpoint.map { JSONValue($0) } ?? .null,
    ])
  }

  // MARK: Small things

  private var newestCheckpoint: Int? { Self.newestCheckpoint(of: plan) }

  private static func newestCheckpoint(of plan: Plan) -> Int? {
    try? CheckpointStore(runDirectory: plan.configuration.run.directory).steps().last
  }

  /// Adds a line to the journal. It lies on the run's own disk, and a disk that is full is to be survived.
  private func note(_ line: JSONObject) {
    do {
      try journal.append(line)
      try journal.synchronize()
    } catch {
      say("warning: not in the journal: \(error)")
    }
  }

  /// Sleeps; the code to leave with where a signal asks for it.
  private func wait(_ seconds: Double) -> Int32? {
    let end = clock.now + .seconds(seconds)
    while clock.now < end, SupervisorSignals.stopCode == nil { usleep(50_000) }
    return SupervisorSignals.stopCode
  }

  private static func cause(of ending: RetryPolicy.Ending) -> String {
    if let left = ending.rankZero { return "the run ended with \(left)" }
    guard let code = ending.mpirun else { return "the run stood still and was ended" }
    guard code > 128 else { return "mpirun ended with \(code)" }
    return "mpirun ended with \(code): a process was stopped by \(String(cString: strsignal(code - 128)))"
  }

  private static func modification(of path: String) -> Double {
    var status = stat()
    guard stat(path, &status) == 0 else { return 0 }
    return Double(status.st_mtim.tv_sec) + Double(status.st_mtim.tv_nsec) / 1e9
  }

  private static func brief(_ seconds: Double) -> String {
    seconds == seconds.rounded() ? "\(Int(seconds))" : "\((seconds * 10).rounded() / 10)"
  }
}
