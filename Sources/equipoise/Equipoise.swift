import ArgumentParser
import Foundation
import Version

/// The command line: one file a subcommand.
@main
struct Equipoise: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "equipoise",
    abstract: "Trains human-pose estimators by self-adversarial training, data-parallel over MPI.",
    version: "equipoise \(Version.text)",
    subcommands: [
      TrainCommand.self, EvaluateCommand.self, PredictCommand.self, CritiqueCommand.self, DataCommand.self,
      BenchCommand.self, FingerprintCommand.self, ReplayCommand.self, CompareCommand.self, SuperviseCommand.self,
      ScaleCommand.self, DoctorCommand.self,
    ])

  static func main() {
    // A file that grows beyond `ulimit -f` is an error of the write, which names it, and no death by signal.
    signal(SIGXFSZ, SIG_IGN)
    do {
      var command = try parseAsRoot()
      try command.run()
      Program.leave(.success)
    } catch {
      let code = exitCode(for: error)
      guard code == .success || code == .validationFailure else { Program.fail(error) }
      if code == .success {
        print(fullMessage(for: error))
        Program.leave(.success)
      }
      Program.say(fullMessage(for: error))
      Program.leave(.usage)
    }
  }
}
