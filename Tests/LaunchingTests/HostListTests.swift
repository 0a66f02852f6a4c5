import Launching
import Testing

/// What mpirun of Open MPI 4.1.4 makes of hostfiles, as `mpirun --display-allocation` shows it.
@Suite struct HostListTests {
  /// `name slots` of each host, as far as given.
  private static func summary(_ text: String) throws -> [String] {
    try HostList(text: text, file: "hosts", isLocal: { $0 == "localhost" }).hosts.map { host in
      host.name + (host.slots.map { " \($0)" } ?? "")
    }
  }

  @Test(arguments: [
    ("a slots=2\nb slots=1\n", ["a 2", "b 1"]), ("a slots=2", ["a 2"]), ("a\nb\n", ["a", "b"]),
    ("# the rack\na slots=4   # four cores\n\n  b\n10.0.0.3\tslots=16\n", ["a 4", "b", "10.0.0.3 16"]),
    ("a slots = 2\n", ["a 2"]), ("a cpu=1\nb count=3\n", ["a 1", "b 3"]), ("/* c\nd */ a slots=1 // x\n", ["a 1"]),
    ("a /* c */\n", ["a"]), ("a /* c\n", ["a"]), ("a max_slots=3\n", ["a 3"]), ("a slots=2 max-slots=4\n", ["a 2"]),
    ("a max_slots=1 slots=2\n", ["a 2"]), ("a slots=0\nb slots=1\n", ["b 1"]), ("12 slots=1\n", ["12 1"]),
    // A line for each rank, as queueing systems write them.
    ("a\nb\na\n", ["a 2", "b"]), ("a slots=2\na\n", ["a 3"]), ("a\na\na\n", ["a 3"]),
    // Of a name the first label, of an address all.
    ("a.cluster.org slots=1\n10.1.2.3 slots=2\n", ["a 1", "10.1.2.3 2"]), ("a.x\na.y\n", ["a 2"]),
  ])
  func readAsMpirunDoes(text: String, hosts: [String]) throws {
    #expect(try Self.summary(text) == hosts)
  }

  @Test func usersPortsAndMostSlots() throws {
    let hosts = try HostList(text: "me@a slots=2 max_slots=4 port=2222\nb username=you\n", file: "hosts").hosts
    #expect(
      hosts == [
        .init(name: "a", user: "me", port: 2222, slots: 2, mostSlots: 4), .init(name: "b", user: "you"),
      ])
    #expect(hosts.map(\.address) == [["me@a", "-p", "2222"], ["you@b"]])
  }

  /// This host has one name, whatever it is called, and rank 0.
  @Test func thisHostIsOneAndTheFirst() throws {
    let hosts = try HostList(text: "b slots=1\nlocalhost\n127.0.0.1\n", file: "hosts").hosts
    #expect(hosts.count == 2)
    #expect(hosts[0].slots == 2)
    #expect(hosts[0].name != "localhost")
  }

  /// What is written for mpirun is read as the same again.
  @Test(arguments: ["a slots=2\nb\n", "me@a slots=1 max_slots=3 port=22\n", "a\na\nb max_slots=2\nb\n"])
  func writtenAsItIsRead(text: String) throws {
    let list = try HostList(text: text, file: "hosts")
    let again = try HostList(text: list.text, file: "hosts")
    #expect(again.hosts.map(\.slots) == list.hosts.map(\.slots))
    #expect(again.text == list.text)
  }

  @Test func slotsOfAll() throws {
    #expect(try HostList(text: "a slots=2\nb slots=3\n", file: "hosts").slots == 5)
    #expect(try HostList(text: "a slots=2\nb\n", file: "hosts").slots == nil)
  }

  @Test(arguments: [
    ("", "hosts: no host is listed"), ("# none\n", "hosts: no host is listed"),
    ("a slots=0\n", "hosts: no host is listed"),
    (
      "a slots=1\r\n",
      "hosts:1: the line ends as on Windows, which mpirun does not read; sed -i 's/\\r$//' hosts makes it good"
    ),
    (
      "a\nb slots=1 # c",
      "hosts:2: the file ends within a comment, which mpirun takes for a host; end it with a new line"
    ),
    ("# c", "hosts:1: the file ends within a comment, which mpirun takes for a host; end it with a new line"),
    ("a\nb slots=x", "hosts:2: slots=x is not slots=N"), ("a slots", "hosts:1: slots is not slots=N"),
    ("a slots 2\n", "hosts:1: slots is not slots=N"), ("a slot=2\n", "hosts:1: slot is not slots=N"),
    ("a SLOTS=2\n", "hosts:1: SLOTS is not slots=N"),
    ("a slots=99999999999999999999\n", "hosts:1: slots=99999999999999999999 is not slots=N"),
    ("a slots=-1\n", "hosts:1: slots=-1 is not slots=N"), ("a slots=2 slots=3\n", "hosts:1: a has its slots twice"),
    ("a\n\na slots=2\n", "hosts:3: a has its slots twice"),
    ("a slots=4 max_slots=2\n", "hosts:1: max_slots=2 is less than the slots, 4"),
    // mpirun passes over these in silence.
    ("a foo\n", "hosts:1: foo is not slots=N"), ("a 4\n", "hosts:1: 4 is not slots=N"),
    ("a.b:2\n", "hosts:1: a.b:2 is not a host's name; 2 slots are a.b slots=2"),
    ("a:2\n", "hosts:1: a:2 is not a host's name; 2 slots are a slots=2"),
    ("\"a\" slots=1\n", "hosts:1: \"a\" is not a host's name"),
    ("a \"slots=1\"\n", "hosts:1: \"slots=1\" is not slots=N"),
    (
      "-oProxyCommand=x",
      "hosts:1: -oProxyCommand is not a host's name, which mpirun takes of letters, digits, dots and hyphens"
    ),
    ("me@-x\n", "hosts:1: -x is not a host's name, which mpirun takes of letters, digits, dots and hyphens"),
    ("a_b\n", "hosts:1: a_b is not a host's name, which mpirun takes of letters, digits, dots and hyphens"),
    ("a;reboot\n", "hosts:1: ;reboot is not slots=N"), ("$(reboot)\n", "hosts:1: $(reboot) is not a host's name"),
    // A terminal would obey these.
    ("a \u{1B}[2Jb\n", "hosts:1: ?[2Jb is not slots=N"),
    ("-me@a\n", "hosts:1: -me is not a user's name, which mpirun takes of letters, digits, hyphens and underscores"),
    ("me@you@a\n", "hosts:1: me@you@a is not USER@NAME"), ("slots=2\n", "hosts:1: = is not slots=N"),
    ("a port=0\n", "hosts:1: port=0 is not port=N"), ("a username=\n", "hosts:1: username is not username=VALUE"),
  ])
  func whatCannotBeUsedIsNamedWithItsLine(text: String, says: String) {
    let error = #expect(throws: LaunchError.self) { try HostList(text: text, file: "hosts") }
    #expect(error?.description == says)
  }
}
