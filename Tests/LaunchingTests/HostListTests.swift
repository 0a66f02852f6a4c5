import Launching
import Testing

@Suite struct HostListTests {
  @Test func namesSlotsAndComments() throws {
    let list = try HostList(
      text: """
        # the rack
        node1 slots=4   # four cores

          node2
        10.0.0.3	slots=16
        """, file: "hosts")
    #expect(list.hosts.map(\.name) == ["node1", "node2", "10.0.0.3"])
    #expect(list.hosts.map(\.slots) == [4, 1, 16])
  }

  @Test(arguments: [
    ("", "hosts: no machine is listed"), ("# none\n", "hosts: no machine is listed"),
    ("a\nb slots=0", "hosts:2: slots=0 is not slots=N"), ("a slots", "hosts:1: slots is not slots=N"),
    ("a max_slots=2", "hosts:1: max_slots=2 is not slots=N"), ("a\n\na", "hosts:3: a is there twice"),
    ("-oProxyCommand=x", "hosts:1: -oProxyCommand=x is not a machine's name"),
  ])
  func whatCannotBeUsedIsNamedWithItsLine(text: String, says: String) {
    let error = #expect(throws: HostListError.self) { try HostList(text: text, file: "hosts") }
    #expect(error?.description == says)
  }
}
