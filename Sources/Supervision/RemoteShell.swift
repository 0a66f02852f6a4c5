import Foundation
import Platform

/// Runs small shell scripts on the machines of a run: on this one directly, on others through the agent that mpirun uses.
struct RemoteShell {
  private let agent: [String]

  /// The agent is `OMPI_MCA_plm_rsh_agent`'s, or ssh without questions.
  init() {
    let chosen = ProcessInfo.processInfo.environment["OMPI_MCA_plm_rsh_agent"] ?? ""
    let words = chosen.split(separator: " ").map(String.init)
    agent = words.isEmpty ? ["ssh", "-o", "BatchMode=yes", "-o", "ConnectTimeout=5"] : words
  }

  static func isThisMachine(_ host: String) -> Bool {
    host == "localhost" || host == "127.0.0.1" || host == Host.name
  }

  /// Runs `script` on all hosts at the same time.
  ///
  /// - Parameters:
  ///   - arguments: `$1` onwards; letters, digits and dots only, as they pass through shells.
  ///   - seconds: after which those that have not answered are left.
  /// - Returns: the hosts on which it ended with 0.
  func run(_ script: String, _ arguments: [String], on hosts: [String], seconds: Double) -> Set<String> {
    precondition(arguments.allSatisfy { $0.allSatisfy { $0.isLetter || $0.isNumber || $0 == "." } })
    var waiting: [(host: String, child: ChildProcess)] = []
    for host in hosts {
      let command = Self.isThisMachine(host) ? [] : agent + [host]
      let shell = command + ["sh", "-s", "--"] + arguments
      do throws(ChildProcessError) {
        waiting.append((host, try ChildProcess(shell, input: script)))
      } catch {
        // No agent, no answer.
        continue
      }
    }
    var answered: Set<String> = []
    let end = ContinuousClock.now + .seconds(seconds)
    while !waiting.isEmpty, ContinuousClock.now < end {
      waiting.removeAll { host, child in
        guard let code = child.poll() else { return false }
        if code == 0 { answered.insert(host) }
        return true
      }
      if !waiting.isEmpty { usleep(20_000) }
    }
    for (_, child) in waiting { child.end() }
    return answered
  }
}

/// The scripts. A run's processes are known by a word in their environment.
enum RunScript {
  /// `$1`: the run's word, `$2`: a signal. Sends it to rank 0, which tells the others at the step's end; fails where
  /// there is none.
  static let signal = """
    code=1
    for file in $(grep -lzsx "EQUIPOISE_RUN=$1" /proc/[0-9]*/environ); do
      if grep -qzsx OMPI_COMM_WORLD_RANK=0 "$file"; then
        pid=${file#/proc/}
        kill -s "$2" "${pid%/environ}" && code=0
      fi
    done
    exit $code

    """

  /// `$1`: the run's word. Kills every process of the run and waits until all are gone.
  static let reap = """
    tries=0
    while [ $tries -lt 200 ]; do
      left=
      for file in $(grep -lzsx "EQUIPOISE_RUN=$1" /proc/[0-9]*/environ); do
        pid=${file#/proc/}
        left="$left ${pid%/environ}"
      done
      if [ -z "$left" ]; then exit 0; fi
      kill -s KILL $left 2>/dev/null
      sleep 0.05
      tries=$((tries + 1))
    done
    exit 1

    """

  static let nothing = "exit 0\n"
}
