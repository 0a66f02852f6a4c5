/// mpirun's command line, for Open MPI 4.1.
package struct MpirunCommand {
  let arrangement: Arrangement
  let options: LaunchOptions
  /// Lists the arrangement's hosts; where it has some.
  let hostfile: String
  /// Where ranks on other hosts start.
  let directory: String
  /// Environment variables of this run's own.
  let variables: [String]

  package init(
    _ arrangement: Arrangement, _ options: LaunchOptions, hostfile: String, directory: String, variables: [String]
  ) {
    self.arrangement = arrangement
    self.options = options
    self.hostfile = hostfile
    self.directory = directory
    self.variables = variables
  }

  /// - Parameter command: what each rank executes.
  package func words(_ command: RankCommand) -> [String] {
    // Without -q each code other than 0 is explained in a paragraph.
    var words = ["mpirun", "-q", "-n", "\(arrangement.ranks)"]
    if arrangement.hosts != nil { words += ["--hostfile", hostfile, "--wdir", directory] }
    if arrangement.isBound {
      words += ["--use-hwthread-cpus", "--map-by", "slot:PE=\(arrangement.threads)", "--bind-to", "hwthread"]
    } else if arrangement.hosts != nil {
      words += ["--map-by", "slot", "--bind-to", "none"]
    } else {
      words += ["--oversubscribe", "--bind-to", "none"]
    }
    if let interface = options.interface {
      words += ["--mca", "oob_tcp_if_include", interface, "--mca", "btl_tcp_if_include", interface]
    }
    if command.isOwn {
      // A rank that finalizes waits two seconds for mpirun's answer and then ends without. On a busy host mpirun may be later, and
      // takes that for an end without finalizing, code 1. Our ranks end with 0 only after all have finalized.
      words += ["--mca", "orte_allowed_exit_without_sync", "1"]
    }
    if options.tagsLines { words.append("--tag-output") }
    if let logs = options.logs { words += ["--output-filename", logs] }
    for name in options.exports + variables { words += ["-x", name] }
    return words + command.words(threads: arrangement.toldThreads)
  }
}
