import Communication
import Configuration
import Foundation

extension Program {
  /// Starts the watchdog that `watchdog.seconds` asks for.
  static func watch(
    _ communicator: any Communicator, _ configuration: Configuration, isTerminal: Bool
  ) throws -> Watchdog? {
    guard configuration.watchdog.seconds > 0 else { return nil }
    let line = { @Sendable (text: String) in (isTerminal ? "\r\u{1B}[K" : "") + text }
    let progressFile = ProcessInfo.processInfo.environment["EQUIPOISE_PROGRESS_FILE"]
    return try Watchdog(communicator, limit: configuration.watchdog.seconds) {
      if communicator.rank == 0, let progressFile { touch(progressFile) }
    } warn: { text in
      say(line("warning: " + text))
    } end: { error in
      if let error {
        fail(error)
      } else {
        leaveAtOnce(.rankLost)
      }
    }
  }

  /// Shows a supervisor that the run gets on: the file's time of change says when.
  private static func touch(_ path: String) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { return }
    futimens(descriptor, nil)
    close(descriptor)
  }
}
