import Launching
import Testing

/// Cores, ranks, threads and hosts to what is started.
@Suite struct CommandLineTests {
  private static func here(
    _ words: [String], ranks: Int, threads: Int? = nil, cores: Int, online: Int? = nil, isBound: Bool = true,
    _ change: (inout LaunchOptions) -> Void = { _ in }
  ) throws -> [String] {
    let command = try RankCommand(words, own: "/e")
    let arrangement = Arrangement.here(
      ranks: ranks, threads: threads, command, isBound: isBound, cores: cores, online: online ?? cores)
    var options = LaunchOptions()
    change(&options)
    return arrangement.isDirect
      ? command.words(threads: arrangement.toldThreads)
      : MpirunCommand(arrangement, options, hostfile: "", directory: "", variables: ["V"]).words(command)
  }

  private static let own = ["--mca", "orte_allowed_exit_without_sync", "1", "-x", "V", "/e"]
  private static let unbound = ["--oversubscribe", "--bind-to", "none"] + own
  private static func bound(_ threads: Int) -> [String] {
    ["--use-hwthread-cpus", "--map-by", "slot:PE=\(threads)", "--bind-to", "hwthread"] + own
  }

  @Test func oneRankRunsByItself() throws {
    #expect(
      try Self.here(["train", "--config", "c"], ranks: 1, cores: 4) == [
        "/e", "train", "--set", "compute.threads=4", "--config", "c",
      ])
    #expect(try Self.here(["doctor"], ranks: 1, cores: 4) == ["/e", "doctor"])
    #expect(try Self.here(["./other", "x"], ranks: 1, cores: 4) == ["./other", "x"])
  }

  /// Ranks that fill the host are bound.
  @Test(
    arguments: [
      // ranks, -t, cores, cores online, the threads each has, whether they are bound
      (2, nil, 4, 4, 2, true), (2, 2, 4, 4, 2, true), (2, 1, 4, 4, 1, false), (4, nil, 2, 2, 1, false),
      (2, nil, 5, 5, 2, false), (2, nil, 4, 8, 2, false), (8, nil, 8, 8, 1, true), (2, 3, 4, 4, 3, false),
    ] as [(Int, Int?, Int, Int, Int, Bool)])
  func ranksOnThisHost(ranks: Int, threads: Int?, cores: Int, online: Int, each: Int, isBound: Bool) throws {
    let words = try Self.here(["train", "--config", "c"], ranks: ranks, threads: threads, cores: cores, online: online)
    #expect(
      words == ["mpirun", "-q", "-n", "\(ranks)"] + (isBound ? Self.bound(each) : Self.unbound)
        + ["train", "--set", "compute.threads=\(each)", "--config", "c"])
  }

  @Test func otherCommandsAreNotToldThreads() throws {
    #expect(
      try Self.here(["bench", "step"], ranks: 2, threads: 1, cores: 2) == ["mpirun", "-q", "-n", "2"] + Self.bound(1)
        + ["bench", "step"])
    // A rank of another program counts for one thread.
    #expect(
      try Self.here(["/bin/x"], ranks: 2, cores: 8) == [
        "mpirun", "-q", "-n", "2", "--oversubscribe", "--bind-to", "none", "-x", "V", "/bin/x",
      ])
  }

  /// What the user sets with --set counts, also for the binding, and is not said twice.
  @Test func ownThreadsCount() throws {
    let words = ["train", "--config", "c", "--set", "compute.threads=4"]
    #expect(try Self.here(words, ranks: 2, cores: 8) == ["mpirun", "-q", "-n", "2"] + Self.bound(4) + words)
    #expect(try Self.here(words, ranks: 2, cores: 4) == ["mpirun", "-q", "-n", "2"] + Self.unbound + words)
    let other = ["train", "--config", "c", "--set=compute.threads=2"]
    #expect(try Self.here(other, ranks: 2, cores: 4) == ["mpirun", "-q", "-n", "2"] + Self.bound(2) + other)
    // 0 leaves it to the program.
    let none = ["train", "--set", "compute.threads=0"]
    #expect(
      try Self.here(none, ranks: 2, cores: 4) == ["mpirun", "-q", "-n", "2"] + Self.bound(2)
        + ["train", "--set", "compute.threads=2", "--set", "compute.threads=0"])
  }

  @Test func options() throws {
    let words = try Self.here(["doctor"], ranks: 2, cores: 2, isBound: false) { options in
      options.interface = "eth1"
      options.tagsLines = true
      options.logs = "logs"
      options.exports = ["A", "B"]
    }
    #expect(
      words == [
        "mpirun", "-q", "-n", "2", "--oversubscribe", "--bind-to", "none", "--mca", "oob_tcp_if_include", "eth1",
        "--mca",
        "btl_tcp_if_include", "eth1", "--mca", "orte_allowed_exit_without_sync", "1", "--tag-output",
        "--output-filename", "logs", "-x", "A", "-x", "B", "-x", "V",
        "/e", "doctor",
      ])
  }

  /// A rank on other hosts has the cores that every host has for each of its slots.
  @Test(
    arguments: [
      // slots, cores, -t, the threads each has, whether they are bound
      ([2, 2], [8, 8], nil, 4, true), ([2, 2], [8, 6], nil, 3, true), ([2, 1], [8, 2], nil, 2, true),
      ([2, 2], [8, 8], 4, 4, true), ([2, 2], [8, 8], 5, 5, false), ([4, 4], [2, 2], nil, 1, false),
      ([2, 2], nil, nil, 1, false), ([2, 2], nil, 3, 3, false),
    ] as [([Int], [Int]?, Int?, Int, Bool)])
  func ranksOnOtherHosts(slots: [Int], cores: [Int]?, threads: Int?, each: Int, isBound: Bool) throws {
    let hosts = slots.enumerated().map { HostList.Host(name: "h\($0)", slots: $1) }
    let command = try RankCommand(["train"], own: "/e")
    let arrangement = Arrangement.on(hosts, cores: cores, ranks: 2, threads: threads, command, isBound: true)
    let mpirun = MpirunCommand(arrangement, LaunchOptions(), hostfile: "/h", directory: "/d", variables: ["V"])
    let binding = isBound ? Self.bound(each) : ["--map-by", "slot", "--bind-to", "none"] + Self.own
    #expect(
      mpirun.words(command) == ["mpirun", "-q", "-n", "2", "--hostfile", "/h", "--wdir", "/d"] + binding
        + ["train", "--set", "compute.threads=\(each)"])
    #expect(arrangement.threads == each)
    #expect(!Arrangement.on(hosts, cores: cores, ranks: 2, threads: threads, command, isBound: false).isBound)
  }

  /// One rank on another host is mpirun's.
  @Test func oneRankElsewhere() throws {
    let command = try RankCommand(["train"], own: "/e")
    #expect(
      !Arrangement.on([.init(name: "a", slots: 1)], cores: nil, ranks: 1, threads: nil, command, isBound: true).isDirect
    )
  }

  @Test func nothingToRun() {
    #expect(throws: LaunchError.self) { try RankCommand([], own: "/e") }
  }
}
