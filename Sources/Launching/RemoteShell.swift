import Foundation
import Platform

/// Runs small shell scripts on the hosts of a run: on this one directly, on others through the agent that mpirun uses.
package struct RemoteShell {
  /// What a host said.
  package struct Answer: Sendable {
    /// The code that the script ended with; nil where it did not in time.
    package var code: Int32?
    package var output = ""
    package var errors = ""

    package init(code: Int32? = nil, output: String = "", errors: String = "") {
      self.code = code
      self.output = output
      self.errors = errors
    }
  }

  private let agent: [String]

  /// The agent is `OMPI_MCA_plm_rsh_agent`'s, of several between colons the first that there is; otherwise ssh without
  /// questions.
  package init(_ chosen: String = ProcessInfo.processInfo.environment["OMPI_MCA_plm_rsh_agent"] ?? "") {
    let agents = chosen.split(separator: ":").map { $0.split(separator: " ").map(String.init) }.filter { !$0.isEmpty }
    agent =
      agents.first { ProgramPath.find($0[0]) != nil } ?? agents.first
      ?? ["ssh", "-o", "BatchMode=yes", "-o", "ConnectTimeout=5", "-o", "ServerAliveInterval=5"]
  }

  /// Runs `script` on all hosts at the same time.
  ///
  /// - Parameters:
  ///   - arguments: `$1` onwards; they are quoted for the shells that they pass through.
  ///   - seconds: after which those that have not answered are left; nil: until a signal asks this process to stop.
  package func ask(_ script: String, _ arguments: [String] = [], of hosts: [HostList.Host], seconds: Double?)
    -> [Answer]
  {
    var answers = hosts.map { _ in Answer() }
    var waiting: [(place: Int, child: CapturedProcess)] = []
    for (place, host) in hosts.enumerated() {
      do throws(ChildProcessError) {
        waiting.append((place, try CapturedProcess(words(for: host, arguments), input: script)))
      } catch {
        answers[place].errors = "\(error)"
      }
    }
    let end = seconds.map { ContinuousClock.now + .seconds($0) }
    while !waiting.isEmpty, end.map({ ContinuousClock.now < $0 }) ?? (LaunchSignals.stopCode == nil) {
      waiting.removeAll { place, child in
        guard let code = child.poll() else { return false }
        answers[place] = Answer(code: code, output: child.output, errors: child.errors)
        return true
      }
      if !waiting.isEmpty { usleep(20_000) }
    }
    for (_, child) in waiting { child.end() }
    return answers
  }

  private func words(for host: HostList.Host, _ arguments: [String]) -> [String] {
    let shell = ["sh", "-s", "--"]
    if ThisHost.isNamed(host.name) { return shell + arguments }
    // Agents hand their words to a shell, as ssh does.
    return agent + host.address + shell + arguments.map(\.shellQuoted)
  }
}

extension String {
  /// As one word of a shell's.
  package var shellQuoted: String { "'" + replacing("'", with: "'\\''") + "'" }
}
