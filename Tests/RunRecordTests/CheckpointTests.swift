import Foundation
import Platform
import RunRecord
import Testing

struct CheckpointTests {
  private let folder = Temporary()

  private var store: CheckpointStore { CheckpointStore(runDirectory: folder.path) }

  private func record(_ step: Int, metric: Double? = nil) -> CheckpointRecord {
    CheckpointRecord(
      step: step, epoch: 2, seed: .max, configDigest: "c", datasetDigest: "d", worldSize: 2, kernels: "v4",
      metric: metric)
  }

  @discardableResult
  private func save(_ step: Int, metric: Double? = nil, keep: Int = 9, kt: Double = 0.25) throws -> String {
    var state = State()
    state.step = Int64(step)
    state.kt = kt
    return try state.with {
      try store.save(state: $0, config: "run:\n  seed: 1\n", record: record(step, metric: metric), keep: keep)
    }
  }

  private func damage(_ step: Int, _ file: String, at position: Double) throws {
    let name = "checkpoints/step-000000\(step)/\(file)"
    var bytes = try folder.bytes(name)
    bytes[min(bytes.count - 1, Int(Double(bytes.count) * position))] ^= 1
    try folder.write(name, bytes)
  }

  @Test func whatWasSavedIsFound() throws {
    try save(5, metric: 0.5)
    #expect(try folder.names("checkpoints") == ["step-0000005"])
    #expect(
      try folder.names("checkpoints/step-0000005")
        == ["config.yaml", "manifest.json", "record.json", "state.safetensors"])
    let checkpoint = try #require(try store.newestGood()).checkpoint
    var expected = record(5, metric: 0.5)
    #expect(checkpoint.record.written.hasSuffix("Z"))
    #expect(checkpoint.record.seed == .max && checkpoint.record.metric == 0.5 && checkpoint.step == 5)
    expected.step = 5
    #expect(checkpoint.config == "run:\n  seed: 1\n")
    var state = State()
    state.step = 5
    #expect(try checkpoint.fingerprint() == state.fingerprint)
  }

  @Test func aPathIsARunOrACheckpoint() throws {
    try save(5)
    try save(7)
    #expect(try CheckpointStore.open(folder.path).checkpoint.step == 7)
    #expect(try CheckpointStore.open(folder.path + "/").checkpoint.step == 7)
    #expect(try CheckpointStore.open(store.directory(ofStep: 5)).checkpoint.step == 5)
    #expect(throws: CheckpointError.self) { try CheckpointStore.open(folder.file("absent")) }
    #expect(throws: CheckpointError.self) { try CheckpointStore.open(store.path) }
    #expect(throws: CheckpointError.self) {
      try CheckpointStore.open(store.directory(ofStep: 5) + "/state.safetensors")
    }
  }

  @Test(arguments: ["state.safetensors", "config.yaml", "record.json", "manifest.json"], [0, 0.3, 0.6, 0.999])
  func aDamagedNewestIsRejectedByName(file: String, position: Double) throws {
    try save(5)
    try save(7)
    try damage(7, file, at: position)
    let found = try #require(try store.newestGood())
    #expect(found.checkpoint.step == 5)
    #expect(found.rejected.count == 1)
    #expect(found.rejected.first?.description.contains("step-0000007") == true)
  }

  @Test(arguments: ["state.safetensors", "config.yaml", "record.json", "manifest.json"])
  func aMissingOrShortFileIsRejected(file: String) throws {
    try save(5)
    try save(7)
    try save(8)
    try FileManager.default.removeItem(atPath: store.directory(ofStep: 8) + "/" + file)
    let name = "checkpoints/step-0000007/\(file)"
    try folder.write(name, try folder.bytes(name).dropLast(2))
    let found = try #require(try store.newestGood())
    #expect(found.checkpoint.step == 5 && found.rejected.count == 2)
  }

  @Test func aRunWithoutAGoodOneSaysSo() throws {
    #expect(try store.newestGood() == nil)
    try save(5)
    try damage(5, "state.safetensors", at: 0.5)
    let error = #expect(throws: CheckpointError.self) { try store.newestGood() }
    #expect(error?.description.contains("step-0000005/state.safetensors") == true)
  }

  @Test func aCheckpointUnderAnothersNameIsRejected() throws {
    let path = try save(5)
    try FileManager.default.moveItem(atPath: path, toPath: store.directory(ofStep: 6))
    #expect(throws: CheckpointError.self) { try CheckpointStore.open(store.directory(ofStep: 6)) }
  }

  @Test func theLastAndTheBestAreKept() throws {
    for (step, metric) in [(1, 0.2), (2, 0.9), (3, 0.3), (4, .nan), (5, 0.4)] {
      try save(step, metric: metric, keep: 2)
    }
    #expect(try store.steps() == [2, 4, 5])
    try save(6, metric: 0.9, keep: 2)  // as good and later
    #expect(try store.steps() == [5, 6])
  }

  @Test func checkpointsWithoutAMetricArePruned() throws {
    for step in 1...5 { try save(step, keep: 2) }
    #expect(try store.steps() == [4, 5])
  }

  @Test func theSameStepIsReplaced() throws {
    try save(5, kt: 0.1)
    try save(5, kt: 0.2)
    var state = State()
    state.step = 5
    state.kt = 0.2
    #expect(try store.newestGood()?.checkpoint.fingerprint() == state.fingerprint)
    #expect(try folder.names("checkpoints") == ["step-0000005"])
  }

  @Test func whatDeadWritersLeaveIsNeverFoundAndIsClearedAway() throws {
    try save(5)
    let files = FileManager.default
    try files.copyItem(atPath: store.directory(ofStep: 5), toPath: store.directory(ofStep: 9) + ".tmp-1")
    try files.moveItem(atPath: store.directory(ofStep: 5), toPath: store.directory(ofStep: 5) + ".replaced")
    #expect(try store.newestGood() == nil)
    try save(6)
    #expect(try store.steps() == [5, 6])
    #expect(try folder.names("checkpoints") == ["step-0000005", "step-0000006"])
  }

  @Test func laterCheckpointsAreSetAsideUntilTheRunHasPassedThem() throws {
    for step in [5, 6, 7] { try save(step) }
    #expect(try store.setAside(after: 5) == [6, 7])
    #expect(try store.newestGood()?.checkpoint.step == 5)
    try save(6, keep: 1)
    #expect(try folder.names("checkpoints") == ["step-0000006", "step-0000007.aside"])
  }

  @Test func aFailedSaveLeavesNothingBehind() throws {
    try save(5)
    // The directory's place is taken by a file that cannot be replaced by a directory's rename.
    let error = #expect(throws: FileSystemError.self) {
      let other = CheckpointStore(runDirectory: store.directory(ofStep: 5) + "/config.yaml")
      _ = try State().with { try other.save(state: $0, config: "", record: record(1), keep: 1) }
    }
    #expect(error?.path.contains("config.yaml") == true)
    #expect(try folder.names("checkpoints") == ["step-0000005"])
  }
}
