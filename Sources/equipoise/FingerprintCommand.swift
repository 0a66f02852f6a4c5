import ArgumentParser
import RunRecord

struct FingerprintCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fingerprint", abstract: "Prints SHA-256 over a checkpoint's whole training state.")

  @Argument(help: "A run's directory, or one checkpoint's.")
  var path: String

  func run() throws {
    let found = try CheckpointStore.open(path)
    for rejected in found.rejected { Program.say("warning: passed over: \(rejected)") }
    print(try found.checkpoint.fingerprint())
  }
}
