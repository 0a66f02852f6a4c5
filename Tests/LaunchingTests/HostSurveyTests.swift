import Launching
import Testing

@Suite struct HostSurveyTests {
  private static let hosts = ["a", "b", "c"].map { HostList.Host(name: $0) }
  private static let mark = "equipoise-answer"

  @Test func answersAreRead() {
    let text = "\(Self.mark) cores 8 4\n\(Self.mark) program 0a1b\n\(Self.mark) config 22\n\(Self.mark) data    33\n"
    let answer = HostSurvey.read(.init(code: 0, output: text))
    #expect(answer == .init(cores: 8, slots: 4, digests: ["program": "0a1b", "config": "22", "data": "33"]))
    // A process may be bound to fewer cores than there are, and lscpu be missing.
    #expect(HostSurvey.read(.init(code: 0, output: "\(Self.mark) cores 1 4\n")).slots == 1)
    #expect(HostSurvey.read(.init(code: 0, output: "\(Self.mark) cores 4 0\n")).slots == 4)
  }

  /// What is not a number or a digest is passed over, whatever a host says.
  @Test(arguments: [
    "cores $(reboot) 4", "cores -1 4", "cores 0 0", "cores 4", "cores 9999999 4", "cores 4 x", "cores 4 4 4",
    "program ../x",
    "program x;y",
  ])
  func othersAreNot(line: String) {
    let answer = HostSurvey.read(.init(code: 0, output: "welcome to a\n\(Self.mark) \(line)\n"))
    #expect(answer == .init(trouble: nil))
  }

  @Test func whatIsWrongIsSaid() {
    let cores = "\(Self.mark) cores 2 2\n"
    #expect(
      HostSurvey.read(.init(code: 4, output: cores, errors: "note\nequipoise: /data: no such folder\n"))
        == .init(cores: 2, slots: 2, trouble: "/data: no such folder"))
    #expect(HostSurvey.read(.init(code: 255, output: "", errors: "ssh: no route\n")) == .init(trouble: "ssh: no route"))
    #expect(HostSurvey.read(.init(code: 3, output: cores)).trouble == "ended with 3")
    #expect(HostSurvey.read(.init()) == .init())
  }

  @Test func hostsThatDifferAreNamed() {
    let good = HostSurvey.Answer(cores: 4, slots: 4, digests: ["program": "1", "config": "2", "data": "3"])
    var others = [good, good, good]
    #expect(HostSurvey(Self.hosts, answers: others).troubles == [])
    others[1].digests["config"] = "9"
    others[2] = .init(trouble: "no route")
    let survey = HostSurvey(Self.hosts, answers: others)
    #expect(survey.troubles == ["b has another configuration than a", "c does not answer: no route"])
    #expect(survey.silent == ["c"])
    others = [good, .init(), .init(cores: 2, slots: 2, trouble: "no data")]
    others[0].digests["program"] = nil
    #expect(HostSurvey(Self.hosts, answers: others).troubles == ["b does not answer", "c: no data"])
  }

  /// A name without slots takes a rank for each of its cores.
  @Test func slotsAreFilledIn() {
    let hosts: [HostList.Host] = [.init(name: "a", slots: 1), .init(name: "b"), .init(name: "c")]
    let present = HostSurvey(
      hosts, answers: [.init(cores: 8, slots: 4), .init(cores: 8, slots: 4), .init()]
    ).present
    #expect(present.hosts.map(\.slots) == [1, 4])
    #expect(present.cores == [8, 8])
  }

  /// The question, asked of this host, with names that a shell would take apart.
  @Test func thisHostAnswers() throws {
    let command = try RankCommand(["/bin/sh", "a b"], own: "/e")
    let here = try HostList(text: "localhost", file: "hosts").hosts
    let survey = HostSurvey(here, command, directory: "/tmp", seconds: 60)
    #expect(survey.troubles == [])
    #expect(survey.answers[0].digests["program"]?.utf8.count == 64)
    #expect(survey.present.hosts[0].slots ?? 0 > 0)
    let strange = HostSurvey(here, command, directory: "/no $(touch x) 'folder'; exit 0", seconds: 60)
    #expect(strange.troubles.count == 1)
    #expect(strange.troubles[0].contains("/no $(touch x) 'folder'; exit 0"))
  }

  @Test func trainIsAskedForItsData() throws {
    let train = try RankCommand(["train", "--set", "data.path=it's"], own: "/my programs/e")
    let script = HostSurvey.script(train, directory: "/d")
    #expect(script.contains(#"'/my programs/e' 'data' 'digest' '--set' 'data.path=it'\''s'"#))
    #expect(!HostSurvey.script(try RankCommand(["evaluate"], own: "/e"), directory: "/d").contains("digest"))
  }
}
