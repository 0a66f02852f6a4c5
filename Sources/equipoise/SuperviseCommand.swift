import ArgumentParser
import Configuration
import Foundation
import Launching

struct SuperviseCommand: LaunchingCommand {
  static let configuration = CommandConfiguration(
    commandName: "supervise",
    abstract: "Launches train, and goes on from the last checkpoint when the run dies.",
    discussion: """
      equipoise supervise -n 4 -- --config configs/lspet.yaml --set data.path=FOLDER

      Begins again after a killed rank, a stuck one, a lost host or a full disk; not after bad input, values that are \
      not finite or replicas that differ. Where hosts of the hostfile no longer answer, it goes on with the largest \
      power of two that the others have room for. supervise.attempts, supervise.backoff and watchdog.seconds set how \
      patient it is; supervise/journal.jsonl in the run's directory says what happened. With a hostfile that directory \
      has to be seen by this host and by the first of the list. Without -n there are as many ranks as hosts and shards have \
      room for. Options are those of launch.
      """)

  @OptionGroup var launch: LaunchArguments

  @Argument(parsing: .postTerminator, help: "What train takes.")
  var arguments: [String] = []

  func run() throws {
    let train: TrainCommand
    do {
      train = try TrainCommand.parse(arguments)
    } catch {
      throw UsageError("after --: \(TrainCommand.message(for: error))")
    }
    if let ranks = launch.ranks, ranks.nonzeroBitCount != 1 { throw UsageError("-n \(ranks) is not a power of two") }
    let configuration = try Configuration.load(file: train.config, overrides: train.overrides)
    if let ranks = launch.ranks { _ = try configuration.shardPlan(worldSize: ranks) }
    try LaunchArguments.leave {
      let supervisor = try Supervisor(
        Supervisor.Plan(
          program: try LaunchArguments.ownPath(),
          arguments: ["--config", train.config] + train.overrides.flatMap { ["--set", $0] }, resume: train.resume,
          configuration: configuration, options: try launch.options())
      ) { Program.say("supervise: \($0)") }
      return try supervisor.run()
    }
  }
}
