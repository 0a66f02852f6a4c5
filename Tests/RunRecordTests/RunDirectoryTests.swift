import Foundation
import Platform
import RunRecord
import Testing

struct RunDirectoryTests {
  private let folder = Temporary()

  @Test func aSecondRunIsRefusedAndToldWhoHoldsIt() throws {
    let path = folder.file("deep/run")
    var first: RunDirectory? = try RunDirectory(path, resume: .auto)
    let error = #expect(throws: FileSystemError.self) { try RunDirectory(path, resume: .auto) }
    #expect(error?.description.contains("pid \(getpid())") == true)
    #expect(error?.description.contains(ProcessInfo.processInfo.hostName) == true)
    #expect(first?.path == path)
    first = nil
    _ = try RunDirectory(path, resume: .auto)
  }

  @Test func noneRefusesADirectoryThatIsNotEmpty() throws {
    _ = try RunDirectory(folder.file("run"), resume: .fresh)
    let error = #expect(throws: FileSystemError.self) { try RunDirectory(folder.file("run"), resume: .fresh) }
    #expect(error?.description.contains("not empty") == true)
  }

  @Test func aLockAloneDoesNotFillADirectory() throws {
    try folder.write("run.lock", [])
    _ = try RunDirectory(folder.path, resume: .fresh)
  }

  @Test func theModesAreTheOnesOfTheCommandLine() {
    #expect(ResumeMode(argument: "auto") == .auto)
    #expect(ResumeMode(argument: "none") == .fresh)
    #expect(ResumeMode(argument: "runs/a") == .path("runs/a"))
  }

  @Test func aPathThatIsNotThereIsAnError() throws {
    let run = try RunDirectory(folder.file("run"), resume: .path(folder.file("absent")))
    #expect(throws: CheckpointError.self) { try run.resumePoint() }
    let other = try RunDirectory(folder.file("other"), resume: .auto)
    #expect(try other.resumePoint() == nil)
  }

  @Test func aFileInThePlaceOfADirectoryIsAnError() throws {
    try folder.write("file", [1])
    #expect(throws: FileSystemError.self) { try RunDirectory(folder.file("file"), resume: .auto) }
    #expect(throws: FileSystemError.self) { try RunDirectory(folder.file("file/run"), resume: .auto) }
  }

  @Test func beginningAgainCutsTheLogAndTheCheckpoints() throws {
    let run = try RunDirectory(folder.file("run"), resume: .auto)
    for step in [1, 2, 3] {
      let record = CheckpointRecord(
        step: step, epoch: 0, seed: 0, configDigest: "", datasetDigest: "", worldSize: 1, kernels: "")
      _ = try State().with { try run.checkpoints.save(state: $0, config: "", record: record, keep: 9) }
    }
    try run.begin(at: 3, config: "a: 1\n")
    var log: RunLog? = try RunLog(run.logPath)
    for step in [1, 2, 3] { try log?.append(["step": JSONValue(step)]) }
    log = nil
    try run.begin(at: 2, config: "a: 2\n")
    log = try RunLog(run.logPath)
    try log?.append(["step": 3, "again": true])
    #expect(try folder.text("run/log.jsonl") == "{\"step\":1}\n{\"step\":2}\n{\"step\":3,\"again\":true}\n")
    #expect(try folder.text("run/config.yaml") == "a: 2\n")
    #expect(try run.checkpoints.steps() == [1, 2])
    try run.begin(at: 0, config: "")
    _ = try RunLog(run.logPath)
    #expect(try folder.text("run/log.jsonl") == "")
  }
}
