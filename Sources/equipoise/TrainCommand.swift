import ArgumentParser
import Communication
import Configuration
import Estimation
import Platform
import Reporting
import RunRecord
import Training
import Version

struct TrainCommand: ParallelCommand {
  static let configuration = CommandConfiguration(
    commandName: "train", abstract: "Trains, on as many ranks as mpirun starts, or on one without it.")

  @Option(help: "The run's configuration (see configs/).")
  var config: String

  @Option(name: .customLong("set"), help: ArgumentHelp("Overrides a key of the configuration.", valueName: "key=value"))
  var overrides: [String] = []

  @Option(help: "auto: go on where the run's directory stands; none: begin in an empty one; PATH: from a checkpoint.")
  var resume = "auto"

  @Flag(help: "Look at every tensor of every step, and stop at the first that is not finite. Slow.")
  var trap = false

  @Option(help: "Write all ranks' phases and exchanges to a file for chrome://tracing or Perfetto.")
  var timeline: String?

  @Option(help: "With --timeline: how many steps of it.")
  var timelineSteps = 20

  func validate() throws {
    guard timelineSteps > 0 else { throw ValidationError("--timeline-steps is positive") }
  }

  func run() throws {
    StopSignals.install(answers: Program.answersSignals)
    let communicator = try Program.join()
    try Together.onRankZero(communicator) { if let timeline { try FileSystem.requireWritable(timeline) } }
    let configuration = try Configuration.shared(communicator) {
      try Configuration.load(file: config, overrides: overrides)
    }
    let machine = try Together.everywhere(communicator) { try Machine(configuration, communicator) }
    if communicator.rank == 0 { Program.say(machine.description(ranks: communicator.worldSize)) }
    let watchdog = try Program.watch(communicator, configuration, isTerminal: machine.isTerminal)
    let run = try TrainingRun(
      configuration, resume: ResumeMode(argument: resume), trapsNotFinite: trap,
      timeline: timeline.map { TimelineRequest(path: $0, steps: timelineSteps) }, communicator: communicator,
      machine: machine, program: Version.text,
      sinks: [LogSink(), ProgressSink(isTerminal: machine.isTerminal) { Program.say(line: $0) }])
    let outcome = try run.run()
    watchdog?.stop()
    switch outcome {
    case .finished: return
    case .interrupted: Program.leave(.interrupted)
    case .terminated: Program.leave(.terminated)
    }
  }
}
