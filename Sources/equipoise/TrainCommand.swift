import ArgumentParser
import Communication
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
