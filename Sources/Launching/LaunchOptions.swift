/// How a run is started: what `launch` and `supervise` have in common.
public struct LaunchOptions: Sendable {
  /// Processes; where nil, one on this host, as many as fit on others.
  public var ranks: Int?
  /// Compute threads of a rank; where nil, as many as each has cores.
  public var threads: Int?
  /// Where ranks run; this host where nil.
  public var hosts: HostList?
  /// Ranks on each host in place of its slots, on as many hosts as these need.
  public var ranksPerHost: Int?
  /// The network between hosts, as mpirun's `if_include` takes it; its choice where nil.
  public var interface: String?
  /// Environment variables that ranks on other hosts get too.
  public var exports: [String] = []
  /// Where each rank's output is written into files of its own.
  public var logs: String?
  /// Whether each line of output has its rank before it.
  public var tagsLines = false
  /// Whether each rank has cores of its own, where there are enough.
  public var isBound = true
  /// Whether hosts are asked before the start.
  public var isChecked = true
  /// Whether standard error is a terminal.
  public var isTerminal = false

  public init() {}
}
