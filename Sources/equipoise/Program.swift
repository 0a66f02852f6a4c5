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
    let communicator = try makeCommunicator()
    world.withLock { $0 = communicator }
    awaitDebugger(communicator)
    return communicator
  }

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

  /// Ends this process in good order.
  static func leave(_ code: ExitCode) -> Never {
    record(code)
    fflush(nil)
    if let communicator = world.withLock({ $0 }), communicator.worldSize > 1 {
      // All is done and saved: a launcher that does not answer must not hold it up.
      try? SystemThread {
        sleep(60)
        _exit(code.rawValue)
      }.detach()
      communicator.finalize()
    }
    exit(code.rawValue)
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
    let isOnlyRank = (communicator?.worldSize ?? 1) == 1
    let isSaidElsewhere = error is FailedElsewhere || isSaidByAnother(error, communicator?.rank ?? 0)
    if !isSaidElsewhere || isOnlyRank {
      say("equipoise: \(isOnlyRank || isOfNoRank(error) ? "" : "rank \(communicator!.rank): ")\(error)")
    }
    if !isOnlyRank {
      // No good order here: watchdog and communication thread are at work still.
      if isSaidElsewhere { leaveAlone(code) }
      communicator?.abort(code: code.rawValue)
    }
    _exit(code.rawValue)
  }

  /// Errors that several ranks find at the same time, of which one speaks.
  private static func isSaidByAnother(_ error: any Error, _ rank: Int) -> Bool {
    switch error {
    case CommunicationError.replicasDiffer: return rank != 0
    case CommunicationError.witnessDiffers(_, _, let partner, _): return partner < rank
    case CommunicationError.exchangeDiffers(_, _, let partner, _): return partner < rank
    default: return error is NotFiniteError && rank != 0
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
    let environment = ProcessInfo.processInfo.environment
    guard let path = environment["EQUIPOISE_EXIT_FILE"], !path.isEmpty,
      (environment["OMPI_COMM_WORLD_RANK"] ?? environment["PMIX_RANK"] ?? "0") == "0"
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
