import ArgumentParser
import Communication
import Foundation
import RunRecord
import Training

struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train", abstract: "Trains, on as many ranks as mpirun starts, or on one without it.")

  @Option(help: "The run's configuration (see configs/).")
  var config: String

  @Option(name: .customLong("set"), help: ArgumentHelp("Overrides a key of the configuration.", valueName: "key=value"))
  var overrides: [String] = []

  @Option(help: "auto: go on where the run's directory stands; none: begin in an empty one; PATH: from a checkpoint.")
  var resume = "auto"

  func run() throws {
    StopSignals.install()
    let communicator = try Program.join()
    let configuration = try Configuration.shared(communicator) {
      try Configuration.load(file: config, overrides: overrides)
    }
    let machine = try Together.everywhere(communicator) { try Machine(configuration, communicator) }
    if communicator.rank == 0 { Program.say(machine.description(ranks: communicator.worldSize)) }
    let watchdog = try Program.watch(communicator, configuration, isTerminal: machine.isTerminal)
    let run = try TrainingRun(
      configuration, resume: ResumeMode(argument: resume), communicator: communicator, machine: machine
    ) { Program.say(line: $0) }
    let outcome = try run.run()
    watchdog?.stop()
    switch outcome {
    case .finished: return
    case .interrupted: Program.leave(.interrupted)
    case .terminated: Program.leave(.terminated)
    }
  }
}

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
