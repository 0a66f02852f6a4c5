import ArgumentParser

struct DataCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "data", abstract: "Looks after data sets.",
    subcommands: [DataCheckCommand.self, DataDigestCommand.self, DataSynthesizeCommand.self])
}
