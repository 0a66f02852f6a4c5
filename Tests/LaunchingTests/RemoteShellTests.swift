import Launching
import Testing

#if canImport(Glibc)
  import Glibc
#endif

@Suite struct RemoteShellTests {
  private static let elsewhere = [HostList.Host(name: "elsewhere", user: "me", port: 22)]

  /// As ssh does: the words after the host's name are put together for a shell.
  private static let agent = "sh -c shift;shift;shift;exec${IFS}sh${IFS}-c${IFS}\"$*\" agent"

  @Test func argumentsArriveAsTheyAre() {
    let strange = ["two words", "it's", "$(echo x)", "a;b", "", "\"q\"", "*"]
    let script = "for word; do echo \"<$word>\"; done\nexit 3\n"
    for hosts in [Self.elsewhere, [HostList.Host(name: "localhost")]] {
      let answer = RemoteShell(Self.agent).ask(script, strange, of: hosts, seconds: 60)[0]
      #expect(answer.output == strange.map { "<\($0)>\n" }.joined())
      #expect(answer.code == 3)
    }
  }

  @Test func anAgentIsToldUserAndPort() {
    let answer = RemoteShell("echo").ask("", ["x"], of: Self.elsewhere, seconds: 60)[0]
    #expect(answer.output == "me@elsewhere -p 22 sh -s -- 'x'\n")
  }

  @Test func theFirstAgentThatThereIsCounts() {
    let answer = RemoteShell("no-such-agent -x : echo -n : cat").ask("", of: Self.elsewhere, seconds: 60)[0]
    #expect(answer.output == "me@elsewhere -p 22 sh -s --")
  }

  @Test func anAgentThatIsNotThere() {
    let answer = RemoteShell("no-such-agent").ask("", of: Self.elsewhere, seconds: 60)[0]
    #expect(answer.code == nil)
    #expect(answer.errors.contains("no-such-agent"))
  }

  /// More than a pipe holds, and a host that does not end.
  @Test func outputOfAnyLengthAndTime() {
    let script = "head -c 300000 /dev/zero | tr '\\0' x; echo end >&2; exec sleep 1000\n"
    let here = [HostList.Host(name: "localhost")]
    let answer = RemoteShell("").ask("head -c 300000 /dev/zero | tr '\\0' x; echo end >&2\n", of: here, seconds: 60)[0]
    #expect(answer.output.utf8.count == 300_000)
    #expect(answer.errors == "end\n")
    #expect(RemoteShell("").ask(script, of: here, seconds: 0.2)[0].code == nil)
  }
}
