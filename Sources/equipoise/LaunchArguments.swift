import ArgumentParser
import Foundation
import Launching

/// What `launch` and `supervise` have in common.
struct LaunchArguments: ParsableArguments {
  @Option(name: .customShort("n"), help: "Ranks: a power of two, at most train.shards.")
  var ranks: Int?

  @Option(
    name: .customShort("t"),
    help: "Compute threads of a rank, as compute.threads (default: as many as each rank has cores).")
  var threads: Int?

  @Option(
    help: ArgumentHelp(
      "The hosts, as mpirun reads them, a line each: NAME slots=N; rank 0 is on this host, if listed, or the first (default: this host).",
      valueName: "file"))
  var hostfile: String?

  @Option(
    help: ArgumentHelp(
      "The network between hosts, as eth1 or 10.0.0.0/16 (default: mpirun's choice).", valueName: "names"))
  var interface: String?

  @Option(
    name: .customLong("export"),
    help: ArgumentHelp("Hands an environment variable on to ranks on other hosts; may be repeated.", valueName: "name"))
  var exports: [String] = []

  @Option(
    help: ArgumentHelp(
      "Each rank's output also in files of its own: DIR/1/rank.N/stderr, on the rank's host.", valueName: "dir"))
  var logs: String?

  @Flag(
    inversion: .prefixedNo, exclusivity: .chooseLast,
    help: "Give each rank cores of its own, if there are enough; otherwise the kernel decides.")
  var binding = true

  @Flag(
    inversion: .prefixedNo, exclusivity: .chooseLast,
    help: "Ask all hosts before the start whether program, configuration and data are the same.")
  var checks = true

  func validate() throws {
    if let ranks, !(1...9999).contains(ranks) { throw ValidationError("-n \(ranks) is not a number of ranks") }
    if let threads, !(1...9999).contains(threads) { throw ValidationError("-t \(threads) is not a number of threads") }
  }

  /// - Throws: `LaunchError` where the hostfile cannot be used.
  func options() throws(LaunchError) -> LaunchOptions {
    var options = LaunchOptions()
    options.ranks = ranks
    options.threads = threads
    if let hostfile { options.hosts = try HostList(file: hostfile) }
    options.interface = interface
    options.exports = exports
    options.logs = logs
    options.isBound = binding
    options.isChecked = checks
    options.isTerminal = isatty(STDERR_FILENO) == 1
    return options
  }

  /// This program's file: ranks run the same.
  static func ownPath() throws -> String {
    try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
  }

  /// Ends this process with the code that `body` returns, which starts ranks.
  static func leave(_ body: () throws -> Int32) throws -> Never {
    let code = try body()
    Foundation.exit(code)
  }
}
