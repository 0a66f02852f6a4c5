import Foundation

/// What the hosts of a run say of themselves before it is started: whether they answer, their cores, and digests of what has
/// to be alike on all.
package struct HostSurvey {
  package struct Answer: Equatable {
    /// Cores that a process may use there; nil where the host does not answer.
    package var cores: Int?
    /// Of these, as many as are no second thread of a core: what mpirun takes for slots.
    package var slots: Int?
    /// Digests by name: `program`, `config`, `data`.
    package var digests: [String: String] = [:]
    /// What is wrong, in the host's words; nil where all was answered.
    package var trouble: String?

    package init(cores: Int? = nil, slots: Int? = nil, digests: [String: String] = [:], trouble: String? = nil) {
      self.cores = cores
      self.slots = slots
      self.digests = digests
      self.trouble = trouble
    }
  }

  package let hosts: [HostList.Host]
  package let answers: [Answer]

  /// Asks all hosts at the same time.
  ///
  /// - Parameters:
  ///   - command: whose program and, for `train`, configuration and samples are to be alike; nil: only cores are asked.
  ///   - directory: where the command will start.
  ///   - seconds: after which a host does not answer; nil: until a signal asks this process to stop.
  package init(_ hosts: [HostList.Host], _ command: RankCommand?, directory: String, seconds: Double?) {
    self.hosts = hosts
    let script = Self.script(command, directory: directory)
    answers = RemoteShell().ask(script, of: hosts, seconds: seconds).map(Self.read)
  }

  package init(_ hosts: [HostList.Host], answers: [Answer]) {
    self.hosts = hosts
    self.answers = answers
  }

  /// The names of the hosts that do not answer.
  package var silent: [String] { zip(hosts, answers).filter { $1.cores == nil }.map(\.0.name) }

  /// The hosts that answer, each with its slots, and their cores.
  package var present: (hosts: [HostList.Host], cores: [Int]) {
    var present: (hosts: [HostList.Host], cores: [Int]) = ([], [])
    for (host, answer) in zip(hosts, answers) {
      guard let cores = answer.cores else { continue }
      var host = host
      host.slots = host.slots ?? answer.slots
      present.hosts.append(host)
      present.cores.append(cores)
    }
    return present
  }

  /// A line for each host that does not answer or differs from the first that does.
  package var troubles: [String] {
    let first = zip(hosts, answers).first { $1.trouble == nil && $1.cores != nil }
    return zip(hosts, answers).compactMap { host, answer in
      guard answer.cores != nil else {
        return "\(host.name) does not answer" + (answer.trouble.map { ": \($0)" } ?? "")
      }
      if let trouble = answer.trouble { return "\(host.name): \(trouble)" }
      guard let first else { return nil }
      let names = [("program", "program"), ("config", "configuration"), ("data", "data set")]
      let other = names.first { answer.digests[$0.0] != first.1.digests[$0.0] }
      return other.map { "\(host.name) has another \($0.1) than \(first.0.name)" }
    }
  }

  /// Refuses hosts that do not answer or are not alike, each in a line.
  func requireAlike(_ say: (String) -> Void) throws(LaunchError) {
    guard !troubles.isEmpty else { return }
    for trouble in troubles { say(trouble) }
    throw LaunchError("nothing is started")
  }

  // MARK: Question and answer

  /// Every line that counts begins with a word of ours: a login shell there may have its own to say.
  package static func script(_ command: RankCommand?, directory: String) -> String {
    var lines = [
      "unset OMP_NUM_THREADS OMP_THREAD_LIMIT",
      #"echo "\#(mark) cores $(nproc) $(lscpu -p=core,socket 2>/dev/null | grep -v '^#' | sort -u | wc -l)""#,
    ]
    if let command {
      let program = command.program.shellQuoted
      lines += [
        "cd \(directory.shellQuoted) || exit 1", "sum=$(sha256sum <\(program)) || exit 1",
        #"echo "\#(mark) program ${sum%% *}""#,
      ]
      if let arguments = command.digestArguments {
        lines += [
          "said=$(\(program) \(arguments.map(\.shellQuoted).joined(separator: " "))) || exit 1",
          #"echo "$said" | sed 's/^/\#(mark) /'"#,
        ]
      }
    }
    return lines.joined(separator: "\n") + "\nexit 0\n"
  }

  private static let mark = "equipoise-answer"

  /// Takes numbers and digests out of what a host said; whatever is neither is passed over.
  package static func read(_ said: RemoteShell.Answer) -> Answer {
    var answer = Answer()
    for line in said.output.split(separator: "\n") {
      let words = line.split(whereSeparator: \.isWhitespace).map(String.init)
      guard words.count > 2, words[0] == mark else { continue }
      switch words[1] {
      case "cores":
        guard words.count == 4, let cores = number(words[2]), cores > 0, let physical = number(words[3]) else {
          continue
        }
        answer.cores = cores
        answer.slots = physical > 0 ? min(cores, physical) : cores
      case "program", "config", "data":
        guard words[2].utf8.count <= 64, words[2].allSatisfy(\.isHexDigit) else { continue }
        answer.digests[words[1]] = words[2]
      default: continue
      }
    }
    guard said.code != 0 || answer.cores == nil else { return answer }
    let last = said.errors.split(separator: "\n").last.map(String.init) ?? ""
    let prefix = "equipoise: "
    answer.trouble = last.hasPrefix(prefix) ? String(last.dropFirst(prefix.count)) : last.isEmpty ? nil : last
    if answer.trouble == nil, answer.cores != nil {
      answer.trouble = "ended with \(said.code.map { "\($0)" } ?? "no code")"
    }
    return answer
  }

  private static func number(_ word: String) -> Int? {
    guard (1...6).contains(word.utf8.count),
      word.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
    else { return nil }
    return Int(word)
  }
}

extension HostList {
  /// The hosts that do not answer in time.
  public func unreachable(seconds: Double) -> [String] {
    HostSurvey(hosts, nil, directory: "/", seconds: seconds).silent
  }
}
