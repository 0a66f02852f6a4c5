import Launching
import Testing

/// How many ranks the hosts have room for.
@Suite struct RoomTests {
  private static func hosts(_ slots: [Int?]) -> HostList {
    HostList(slots.enumerated().map { .init(name: "h\($0)", slots: $1) })
  }

  @Test(arguments: [([1], 1), ([1, 1], 2), ([2, 1], 2), ([4, 3], 4), ([8, 8], 16)])
  func asManyAsFit(slots: [Int], ranks: Int) throws {
    #expect(try LaunchOptions().ranks(on: Self.hosts(slots)) == ranks)
  }

  @Test func fewerThanAskedForIsAnError() throws {
    var options = LaunchOptions()
    options.ranks = 4
    #expect(try options.ranks(on: Self.hosts([2, 2])) == 4)
    #expect(throws: LaunchError("4 ranks, but the hosts have room for 3")) {
      try options.ranks(on: Self.hosts([2, 1]))
    }
    // Where they have not been asked, mpirun finds out.
    #expect(try options.ranks(on: Self.hosts([2, nil])) == 4)
    #expect(throws: LaunchError.self) { try LaunchOptions().ranks(on: Self.hosts([2, nil])) }
  }

  @Test func ranksPerHost() throws {
    var options = LaunchOptions()
    options.ranksPerHost = 2
    #expect(try options.candidates(of: Self.hosts([1, nil, 8]).hosts).map(\.slots) == [2, 2])
    options.ranks = 2
    #expect(try options.candidates(of: Self.hosts([1, nil, 8]).hosts).map(\.name) == ["h0"])
    options.ranks = 8
    #expect(throws: LaunchError("8 ranks, 2 on each, but 3 hosts are listed")) {
      try options.candidates(of: Self.hosts([1, nil, 8]).hosts)
    }
    options.ranks = 3
    #expect(throws: LaunchError("3 ranks are not 2 on each host")) {
      try options.candidates(of: Self.hosts([4, 4]).hosts)
    }
  }

  @Test func exportsAreThere() {
    var options = LaunchOptions()
    options.exports = ["PATH"]
    #expect(throws: Never.self) { try options.requireExports() }
    for name in ["EQUIPOISE_NO_SUCH_VARIABLE", "-x", "A=b", ""] {
      options.exports = [name]
      #expect(throws: LaunchError.self) { try options.requireExports() }
    }
  }
}
