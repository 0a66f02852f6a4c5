import Communication
import Foundation
import Platform
import Synchronization
import Training

/// How the program ends: one message, from one rank, and the code of design page 5.
enum Program {
  /// The ranks of this run, once there are any: an error of one must end the others.
  private static let world = Mutex<(any Communicator)?>(nil)

  /// Joins the ranks this process was started with.
  static func join() throws -> any Communicator {
    let communicator = try makeCommunicator { say("warning: \($0)") }
    world.withLock { $0 = communicator }
    awaitDebugger(communicator)
    return communicator
  }

  /// Leaves a command whose ranks do not work together to rank 0, if mpirun started it on every rank.
  static func leaveToRankZero() {
    guard let worldSize = LaunchEnvironment.current.worldSize, worldSize > 1, isCommonCommand else { return }
    guard LaunchEnvironment.current.rank == 0 else { leave(.success) }
    say("warning: this command uses one rank, and mpirun started \(worldSize)")
  }

  /// Refuses a command that starts mpirun itself, if mpirun or several tasks of srun started this process.
  static func requireNoLauncher() throws {
    guard LaunchEnvironment.current.worldSize == 1, !LaunchEnvironment.current.isMPIRun else {
      throw UsageError("this command starts mpirun itself; start it without mpirun and srun")
    }
  }

  /// Whether every rank was started with this process's arguments, and so finds the same in them.
  private static var isCommonCommand: Bool { LaunchEnvironment.current.startsEveryRank(with: CommandLine.arguments) }

  /// Whether this process says what a signal to stop does; a launcher of ours says so for its ranks, if it is one rank too.
  static var answersSignals: Bool { LaunchEnvironment.current.kind == .none && getenv("EQUIPOISE_RUN") == nil }

  /// Where launch/debug asks it of this rank, says which process it is and waits until a debugger has come.
  private static func awaitDebugger(_ communicator: any Communicator) {
    let environment = ProcessInfo.processInfo.environment
    guard environment["EQUIPOISE_DEBUG_RANK"] == "\(communicator.rank)", let path = environment["EQUIPOISE_DEBUG_FILE"]
    else { return }
    _ = FileManager.default.createFile(atPath: path, contents: Data("\(getpid())\n".utf8))
    while (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8))?.contains("TracerPid:\t0\n") == true {
      usleep(50_000)
    }
  }

  /// Writes a line to standard error.
  static func say(_ text: String) { say(line: text.hasSuffix("\n") ? text : text + "\n") }

  /// Writes text to standard error as it is. Where nobody reads it any more, as after a terminal has gone, it is lost:
  /// training goes on.
  static func say(line text: String) {
    Array(text.utf8).withUnsafeBytes { bytes in
      var done = 0
      while done < bytes.count {
        let put = write(STDERR_FILENO, bytes.baseAddress! + done, bytes.count - done)
        if put < 0 && errno == EINTR { continue }
        if put <= 0 { return }
        done += put
      }
    }
  }

  /// Ends this process in good order, when every rank does.
  static func leave(_ code: ExitCode) -> Never {
    record(code)
    fflush(nil)
    endCommunication(code)
    exit(code.rawValue)
  }

  /// Ends communication in good order: every rank calls it, soon. What one rank does alone for long, as writing files, the
  /// others have waited for (`Together`).
  private static func endCommunication(_ code: ExitCode) {
    guard let communicator = world.withLock({ $0 }) else { return }
    // All is done and saved: a launcher that does not answer must not hold it up.
    try? SystemThread {
      sleep(60)
      _exit(code.rawValue)
    }.detach()
    communicator.finalize()
  }

  /// Ends this process without a word if rank 0 was given the same arguments, finds the same in them and says so.
  static func leaveIfSaidByRankZero(_ code: ExitCode) {
    guard isCommonCommand, LaunchEnvironment.current.rank != 0 else { return }
    if code == .success { leaveAtOnce(code) } else { leaveAlone(code) }
  }

  /// Ends this process a little later, while another rank says why and ends all that it can reach.
  static func leaveAlone(_ code: ExitCode) -> Never {
    sleep(3)
    leaveAtOnce(code)
  }

  /// Ends this process without a word to the others.
  static func leaveAtOnce(_ code: ExitCode) -> Never {
    record(code)
    fflush(nil)
    _exit(code.rawValue)
  }

  /// Says what went wrong and ends every rank with the error's code.
  static func fail(_ error: any Error) -> Never {
    let communicator = world.withLock { $0 }
    let code = ExitCode(for: error)
    record(code)
    fflush(nil)
    guard let communicator else {
      if error is LaunchEnvironmentError, LaunchEnvironment.current.rank != 0 { leaveAlone(code) }
      if error is UsageError { leaveIfSaidByRankZero(code) }
      say("equipoise: \(error)")
      MPICommunicator.abort(code: code.rawValue)
      _exit(code.rawValue)
    }
    let isSaidElsewhere = isSaidByAnother(error, communicator.rank)
    if isKnownToAll(error, communicator) {
      stopWatching()
      if !isSaidElsewhere { say(error, communicator) }
      // Threads that load samples or write are at work still.
      endCommunication(code)
      _exit(code.rawValue)
    }
    if isSaidElsewhere { leaveAlone(code) }
    say(error, communicator)
    communicator.abort(code: code.rawValue)
    _exit(code.rawValue)
  }

  private static func say(_ error: any Error, _ communicator: any Communicator) {
    let cause = (error as? FailedTogether)?.cause ?? error
    let isOfNoRank = communicator.worldSize == 1 || isOfNoRank(cause)
    say("equipoise: \(isOfNoRank ? "" : "rank \(communicator.rank): ")\(cause)")
  }

  /// Errors that every rank finds at the same place, where no message is under way.
  private static func isKnownToAll(_ error: any Error, _ communicator: any Communicator) -> Bool {
    switch error {
    case CommunicationError.replicasDiffer: return true
    // The watchdog's own: all else stands still.
    case is StandstillError: return false
    default: return error is FailedTogether || error is NotFiniteError || communicator.worldSize == 1
    }
  }

  /// Errors that several ranks find, of which one speaks.
  private static func isSaidByAnother(_ error: any Error, _ rank: Int) -> Bool {
    switch error {
    case CommunicationError.replicasDiffer: return rank != 0
    case CommunicationError.witnessDiffers(_, _, let partner, _): return partner < rank
    case CommunicationError.exchangeDiffers(_, _, let partner, _): return partner < rank
    default: return error is NotFiniteError && rank != 0 || (error as? FailedTogether).map { $0.cause == nil } ?? false
    }
  }

  /// Errors whose text says which ranks it is about.
  private static func isOfNoRank(_ error: any Error) -> Bool {
    switch error {
    case CommunicationError.callFailed: return false
    default: return error is CommunicationError || error is NotFiniteError || error is StandstillError
    }
  }

  /// Leaves rank 0's code where a launcher looks for it: mpirun has codes of its own.
  private static func record(_ code: ExitCode) {
    guard let path = ProcessInfo.processInfo.environment["EQUIPOISE_EXIT_FILE"], !path.isEmpty,
      LaunchEnvironment.current.rank == 0
    else { return }
    // A launcher that finds no file there takes mpirun's own code.
    _ = FileManager.default.createFile(atPath: path, contents: Data("\(code.rawValue)\n".utf8))
  }
}

/// Arguments that cannot be used. Exit code 2.
struct UsageError: ExitCodeError, CustomStringConvertible {
  let description: String
  var exitCode: ExitCode { .usage }

  init(_ description: String) { self.description = description }
}
