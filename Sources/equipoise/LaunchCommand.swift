import ArgumentParser
import Launching

struct LaunchCommand: LaunchingCommand {
  static let configuration = CommandConfiguration(
    commandName: "launch", abstract: "Runs a command on several ranks, on this host or on others.",
    discussion: """
      equipoise launch -n 2 -- train --config configs/quickstart.yaml
      equipoise launch --hostfile hosts --interface eth1 -- train --config configs/lspet.yaml --set data.path=FOLDER

      One rank on this host runs by itself, more under mpirun: as root too, and with more ranks than cores if asked. INT, \
      TERM and HUP reach the ranks, which save and stop; a second one ends them at once. USR1 and USR2 are handed on. Returns \
      the code that rank 0 left.

      Other hosts are reached by ssh, which must not ask questions, or as OMPI_MCA_plm_rsh_agent says. They need Open MPI and \
      the libraries that launch/build --portable names; program, configuration and data lie at the same places on all. Before \
      the start every host is asked: one that does not answer, or has another program or, for train, another configuration or \
      other annotations, is named, and nothing is started. Without -n there are as many ranks as the slots have room for.
      """)

  @OptionGroup var launch: LaunchArguments

  @Option(
    name: .customLong("per-host"),
    help: ArgumentHelp("Ranks on each host in place of its slots, on the first hosts of the file.", valueName: "ranks"))
  var ranksPerHost: Int?

  @Flag(help: "Put the rank before each line of output.")
  var tag = false

  @Argument(
    parsing: .postTerminator, help: "A subcommand and its arguments; a first word with a slash is another program.")
  var arguments: [String] = []

  func validate() throws {
    if let ranksPerHost, ranksPerHost < 1 || launch.hostfile == nil {
      throw ValidationError("--per-host is a positive number of ranks, with --hostfile")
    }
  }

  func run() throws {
    try LaunchArguments.leave {
      var options = try launch.options()
      options.ranksPerHost = ranksPerHost
      options.tagsLines = tag
      return try Launcher(try RankCommand(arguments, own: try LaunchArguments.ownPath()), options) { Program.say($0) }
        .run()
    }
  }
}
