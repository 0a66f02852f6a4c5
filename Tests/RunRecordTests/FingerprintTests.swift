import RunRecord
import Testing

struct FingerprintTests {
  @Test func memoryAndDiskAgree() throws {
    let folder = Temporary()
    let state = State()
    try state.write(to: folder.file("a"))
    #expect(try Fingerprint.of(SafetensorsFile(folder.file("a"))) == state.fingerprint)
    #expect(state.fingerprint.utf8.count == 64)
    #expect(state.with { Fingerprint.of($0.reversed()) } == state.fingerprint)
  }

  /// Expected value: Python's hashlib.sha256 over 1, 4, step, 3, I64, 0, 8, 7 in the documented framing.
  @Test func theFramingIsTheDocumentedOne() throws {
    let fingerprint = withUnsafeBytes(of: Int64(7)) { seven in
      Fingerprint.of([NamedArray(name: "step", type: .i64, shape: [], bytes: seven)])
    }
    #expect(fingerprint == "df210d316986f6818a2095943b1bd61ada94e67242671d04c989f0f70ec9ca64")
  }

  @Test func everyPartCounts() {
    let original = State().fingerprint
    var changed = State()
    changed.weights[1] = 0  // was -0: equal as numbers, different as bits
    #expect(changed.fingerprint != original)
    changed = State()
    changed.kt = 0.25.nextUp
    #expect(changed.fingerprint != original)
    changed = State()
    changed.step += 1
    #expect(changed.fingerprint != original)

    let zeros = [UInt8](repeating: 0, count: 8)
    zeros.withUnsafeBytes { bytes in
      let variants = [
        NamedArray(name: "a", type: .f32, shape: [2], bytes: bytes),
        NamedArray(name: "b", type: .f32, shape: [2], bytes: bytes),
        NamedArray(name: "a", type: .f32, shape: [1, 2], bytes: bytes),
        NamedArray(name: "a", type: .f32, shape: [2, 1], bytes: bytes),
        NamedArray(name: "a", type: .u32, shape: [2], bytes: bytes),
        NamedArray(name: "a", type: .f64, shape: [1], bytes: bytes),
        NamedArray(name: "a", type: .f64, shape: [], bytes: bytes),
      ]
      #expect(Set(variants.map { Fingerprint.of([$0]) }).count == variants.count)
    }
  }
}
