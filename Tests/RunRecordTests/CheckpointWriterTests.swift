import Platform
import RunRecord
import Testing

struct CheckpointWriterTests {
  private let folder = Temporary()

  private var store: CheckpointStore { CheckpointStore(runDirectory: folder.path) }

  private func start(_ writer: CheckpointWriter, _ state: [NamedArray], step: Int) throws {
    let record = CheckpointRecord(
      step: step, epoch: 0, seed: 1, configDigest: "c", datasetDigest: "d", worldSize: 1, kernels: "v3")
    try writer.start(
      state: state, config: "run:\n", record: record, keep: 2)
  }

  private func startSmall(_ writer: CheckpointWriter, step: Int) throws {
    try State().with { try start(writer, $0, step: step) }
  }

  @Test func writesTheStateAsItWas() throws {
    let writer = CheckpointWriter(store)
    // Large enough to be on its way still when it changes.
    let values = UnsafeMutableBufferPointer<Double>.allocate(capacity: 4 << 20)
    defer { values.deallocate() }
    for step in [5, 6, 7] {
      for index in values.indices { values[index] = Double(index ^ step) }
      let state = [NamedArray(name: "x", type: .f64, shape: [values.count], bytes: UnsafeRawBufferPointer(values))]
      let expected = Fingerprint.of(state)
      try start(writer, state, step: step)
      values.update(repeating: 0)
      try writer.finish()
      #expect(try store.newestGood()?.checkpoint.fingerprint() == expected)
    }
    #expect(try folder.names("checkpoints") == ["step-0000006", "step-0000007"])
  }

  @Test func theNextCheckpointWaitsForTheOneBefore() throws {
    let writer = CheckpointWriter(store)
    for step in 1...20 { try startSmall(writer, step: step) }
    try writer.finish()
    #expect(try store.steps() == [19, 20])
    #expect(try store.newestGood()?.rejected.isEmpty == true)
  }

  @Test func aFailureIsThrownOnceByTheNextCall() throws {
    // A file where the folder of checkpoints should be.
    try folder.write("checkpoints", [])
    let writer = CheckpointWriter(store)
    try startSmall(writer, step: 1)
    #expect(throws: FileSystemError.self) { try writer.finish() }
    try writer.finish()
    try startSmall(writer, step: 2)
    #expect(throws: FileSystemError.self) { try startSmall(writer, step: 3) }
    try startSmall(writer, step: 4)
    #expect(throws: FileSystemError.self) {
      while true { try writer.check() }
    }
  }
}
