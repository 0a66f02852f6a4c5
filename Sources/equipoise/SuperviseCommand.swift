import ArgumentParser
import Configuration
import Foundation
import Platform
import Supervision

struct SuperviseCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "supervise",
    abstract: "Trains under mpirun, and goes on from the last checkpoint when the run dies.",
    discussion: """
      equipoise supervise -n 4 -- --config configs/lspet.yaml --set data.path=FOLDER

      Begins again after a killed rank, a stuck one, a lost machine or a full disk; not after bad input, values that are \
      not finite or replicas that differ. Where machines of the hostfile no longer answer, it goes on with the largest \
      power of two that the others have room for. supervise.attempts, supervise.backoff and watchdog.seconds set how \
      patient it is; supervise/journal.jsonl in the run's directory says what happened. With a hostfile that directory \
      has to be seen by this machine and by the first of the list.
      """)

  @Option(
    name: .customShort("n"), help: "Ranks: a power of two (default: as many as machines and shards have room for).")
  var ranks: Int?

  @Option(help: ArgumentHelp("Machines, a line each: NAME slots=N (default: this one).", valueName: "file"))
  var hostfile: String?

  @Argument(parsing: .postTerminator, help: "What train takes.")
  var arguments: [String] = []

  func run() throws {
    let train: TrainCommand
    do {
      train = try TrainCommand.parse(arguments)
    } catch {
      throw UsageError("after --: \(TrainCommand.message(for: error))")
    }
    if let ranks, ranks < 1 || ranks.nonzeroBitCount != 1 { throw UsageError("-n \(ranks) is not a power of two") }
    let configuration = try Configuration.load(file: train.config, overrides: train.overrides)
    if let ranks { _ = try configuration.shardPlan(worldSize: ranks) }
    let code: Int32
    do {
      let supervisor = try Supervisor(
        Supervisor.Plan(
          program: try Self.ownPath(),
          arguments: ["--config", train.config] + train.overrides.flatMap { ["--set", $0] }, resume: train.resume,
          configuration: configuration, ranks: ranks, hosts: try hostfile.map { try HostList(file: $0) },
          isTerminal: isatty(STDERR_FILENO) == 1)
      ) { Program.say("supervise: \($0)") }
      code = try supervisor.run()
    } catch let error as HostListError {
      throw UsageError("\(error)")
    } catch let error as ChildProcessError {
      throw UsageError("\(error)")
    }
    Foundation.exit(code)
  }

  /// This program's file: ranks run the same.
  private static func ownPath() throws -> String {
    try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
  }
}
