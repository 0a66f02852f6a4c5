import ArgumentParser

/// The command line: one file a subcommand.
@main
struct Equipoise: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "equipoise",
    abstract: "Trains human-pose estimators by self-adversarial training, data-parallel over MPI.")
}
