import Platform
import RunRecord

/// `journal.jsonl` of a supervisor: two lines an attempt.
final class SupervisorJournal {
  /// An attempt that a supervisor which was killed has left.
  struct Leftover {
    let attempt: Int
    /// What its processes are known by.
    let word: String
    let hosts: [String]
  }

  private let log: RunLog
  private let say: (String) -> Void

  init(folder: String, say: @escaping (String) -> Void) throws(FileSystemError) {
    log = try RunLog("\(folder)/journal.jsonl")
    self.say = say
  }

  /// The number of the last attempt, and itself where it has no end.
  func last() -> (attempt: Int, leftover: Leftover?) {
    guard let bytes = try? InputFile<FileSystemError>(log.path).readAll(limit: 1 << 28) else { return (0, nil) }
    let lines = bytes.split(separator: UInt8(ascii: "\n")).suffix(64).compactMap { line in
      try? JSONParser.parse(Array(line)).object
    }
    guard let last = lines.last, let attempt = last["attempt"]?.int else { return (0, nil) }
    guard last["event"]?.string == "started", let word = last["run"]?.string else { return (attempt, nil) }
    let hosts = last["hosts"]?.array?.compactMap(\.string) ?? [Host.name]
    return (attempt, Leftover(attempt: attempt, word: word, hosts: hosts))
  }

  func noteStart(attempt: Int, word: String, ranks: Int, hosts: [String], checkpoint: Int?) {
    note([
      "event": "started", "attempt": JSONValue(attempt), "time": .string(CheckpointRecord.now()), "run": .string(word),
      "ranks": JSONValue(ranks), "hosts": .array(hosts.map { .string($0) }),
      "checkpoint": checkpoint.map { JSONValue($0) } ?? .null,
    ])
  }

  /// - Parameter restartSeconds: after which the next attempt begins; nil where there is none.
  func noteEnd(attempt: Int, code: Int32?, cause: String, checkpoint: Int?, restartSeconds: Double? = nil) {
    var line: JSONObject = [
      "event": "ended", "attempt": JSONValue(attempt), "time": .string(CheckpointRecord.now()),
      "code": code.map { JSONValue($0) } ?? .null, "cause": .string(cause),
      "checkpoint": checkpoint.map { JSONValue($0) } ?? .null,
    ]
    if let restartSeconds { line.append("restart_after_seconds", JSONValue(restartSeconds)) }
    note(line)
  }

  /// Adds a line. It lies on the run's own disk, and a disk that is full is to be survived.
  private func note(_ line: JSONObject) {
    do {
      try log.append(line)
      try log.synchronize()
    } catch {
      say("warning: not in the journal: \(error)")
    }
  }
}
