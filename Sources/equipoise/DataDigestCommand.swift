import ArgumentParser
import Configuration

/// Prints what machines of one run must agree on.
struct DataDigestCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "digest", abstract: "Prints digests of a configuration and of the samples it names.",
    discussion: """
      Of the samples joints and squares, not photographs, which have to be there. Machines that print other lines do not \
      train alike: `launch/cluster` asks them before it starts.
      """)

  @Argument(parsing: .captureForPassthrough, help: "What train takes.")
  var arguments: [String] = []

  func run() throws {
    let train: TrainCommand
    do {
      train = try TrainCommand.parse(arguments)
    } catch {
      throw UsageError(TrainCommand.message(for: error))
    }
    let configuration = try Configuration.load(file: train.config, overrides: train.overrides)
    print("config  \(configuration.digest)")
    print("data    \(try DataSplits(configuration).digest)")
  }
}
