import RunRecord
import Testing

struct SafetensorsTests {
  @Test func writtenTensorsAreReadBack() throws {
    let folder = Temporary()
    let state = State()
    try state.write(to: folder.file("a.safetensors"))
    let file = try SafetensorsFile(folder.file("a.safetensors"))
    #expect(file.entries.map(\.name) == ["discriminator.é \"quoted\"", "generator.stem.weight", "k_t", "step"])
    #expect(file.metadata == ["format": "equipoise"])
    #expect(file["k_t"]?.shape == [])
    for entry in file.entries { #expect(entry.range.lowerBound % entry.type.size == 0) }

    var weights = [Float](repeating: 0, count: 6)
    let entry = try #require(file["generator.stem.weight"])
    #expect(entry.type == .f32 && entry.shape == [2, 3])
    try weights.withUnsafeMutableBytes { try file.read(entry, into: $0) }
    #expect(weights.map(\.bitPattern) == state.weights.map(\.bitPattern))
  }

  @Test func aStateOfOtherShapeIsRefusedByName() throws {
    let folder = Temporary()
    try State().write(to: folder.file("a"))
    let file = try SafetensorsFile(folder.file("a"))
    var storage = [UInt8](repeating: 0, count: 24)
    let problem: String = storage.withUnsafeMutableBytes { bytes in
      let wrong = file.entries.map { entry in
        entry.name == "generator.stem.weight"
          ? NamedDestination(name: entry.name, type: .f32, shape: [3, 2], bytes: bytes)
          : NamedDestination(
            name: entry.name, type: entry.type, shape: entry.shape,
            bytes: .init(rebasing: bytes.prefix(entry.range.count)))
      }
      do throws(CheckpointError) { try file.read(into: wrong) } catch { return error.description }
      return ""
    }
    #expect(problem.contains("generator.stem.weight") && problem.contains("[2, 3]") && problem.contains("[3, 2]"))
    #expect(throws: CheckpointError.self) { try file.read(into: []) }
  }

  /// A file with `header` as it is given and `data` zero bytes.
  private static func bytes(header: String, data: Int, length: UInt64? = nil) -> [UInt8] {
    let length = length ?? UInt64(header.utf8.count)
    return (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) } + Array(header.utf8)
      + [UInt8](repeating: 0, count: data)
  }

  private static func entry(_ name: String, _ dtype: String, _ shape: String, _ offsets: String) -> String {
    "\"\(name)\":{\"dtype\":\"\(dtype)\",\"shape\":\(shape),\"data_offsets\":\(offsets)}"
  }

  @Test func theHandMadeFileIsSound() throws {
    let folder = Temporary()
    let header = "{\(Self.entry("a", "F32", "[2]", "[0,8]")),\(Self.entry("b", "U8", "[0,5]", "[8,8]"))}"
    try folder.write("a", Self.bytes(header: header, data: 8))
    #expect(try SafetensorsFile(folder.file("a")).entries.count == 2)
  }

  @Test(arguments: [
    ("empty", "", 0, nil as UInt64?, "too short"),
    ("2^63", "{}", 0, 1 << 63, "header of 9223372036854775808"),
    ("2^64-1", "{}", 0, UInt64.max, "header of"),
    ("beyond the file", "{}", 0, 3, "header of 3 bytes"),
    ("not an object", "[]", 0, nil, "other than an object"),
    ("not JSON", "{\"a\"}", 0, nil, "colon"),
    ("two values", "{} {}", 0, nil, "follows"),
    ("deep", String(repeating: "[", count: 100_000), 0, nil, "deep"),
    ("twice", "{\(entry("a", "U8", "[1]", "[0,1]")),\(entry("a", "U8", "[1]", "[1,2]"))}", 2, nil, "twice"),
    ("dtype", "{\(entry("a", "F31", "[1]", "[0,1]"))}", 1, nil, "unknown dtype"),
    ("overlap", "{\(entry("a", "U8", "[4]", "[0,4]")),\(entry("b", "U8", "[4]", "[2,6]"))}", 6, nil, "overlaps"),
    ("hole", "{\(entry("a", "U8", "[4]", "[0,4]")),\(entry("b", "U8", "[1]", "[5,6]"))}", 6, nil, "hole"),
    ("hole at the start", "{\(entry("a", "U8", "[4]", "[1,5]"))}", 5, nil, "hole"),
    ("left over", "{\(entry("a", "U8", "[4]", "[0,4]"))}", 5, nil, "belong to no tensor"),
    ("truncated", "{\(entry("a", "U8", "[4]", "[0,4]"))}", 3, nil, "within the file"),
    ("backwards", "{\(entry("a", "U8", "[1]", "[4,3]"))}", 5, nil, "within the file"),
    ("negative offset", "{\(entry("a", "U8", "[1]", "[-1,0]"))}", 1, nil, "within the file"),
    ("huge offset", "{\(entry("a", "U8", "[1]", "[0,99999999999999999999]"))}", 1, nil, "within the file"),
    ("overflow", "{\(entry("a", "F64", "[4294967296,4294967296]", "[0,0]"))}", 0, nil, "overflows"),
    ("negative extent", "{\(entry("a", "U8", "[-1]", "[0,1]"))}", 1, nil, "list of"),
    ("fraction", "{\(entry("a", "U8", "[1.0]", "[0,1]"))}", 1, nil, "list of"),
    (
      "many dimensions", "{\(entry("a", "U8", "[\(String(repeating: "1,", count: 99))1]", "[0,1]"))}", 1, nil, "list of"
    ),
    ("size", "{\(entry("a", "F32", "[2]", "[0,7]"))}", 7, nil, "do not hold"),
    ("metadata", "{\"__metadata__\":{\"a\":1}}", 0, nil, "strings"),
    ("extra", "{\"a\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[0,1],\"x\":1}}", 1, nil, "consist of"),
  ])
  func hostileHeadersAreRefused(
    name: String, header: String, data: Int, length: UInt64?, problem: String
  ) throws {
    let folder = Temporary()
    try folder.write("a", header.isEmpty ? [] : Self.bytes(header: header, data: data, length: length))
    do throws(CheckpointError) {
      _ = try SafetensorsFile(folder.file("a"))
      Issue.record("\(name) was taken")
    } catch {
      #expect(error.description.contains(problem), "\(error)")
      #expect(error.path == folder.file("a"))
    }
  }

  @Test func headersThatAreNotUTF8AreRefused() throws {
    let folder = Temporary()
    try folder.write("a", [4, 0, 0, 0, 0, 0, 0, 0] + Array("{\"".utf8) + [0xFF] + Array("\"".utf8))
    #expect(throws: CheckpointError.self) { try SafetensorsFile(folder.file("a")) }
  }

  @Test(arguments: [
    [0x80, 0x02, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20] as [UInt8],
    [0x50, 0x4B, 0x03, 0x04, 0x00, 0x00, 0x08, 0x08, 0x00, 0x00],
  ])
  func aPickleIsRefusedAsOne(start: [UInt8]) throws {
    let folder = Temporary()
    try folder.write("a", start + [UInt8](repeating: 1, count: 100))
    let error = #expect(throws: CheckpointError.self) { try SafetensorsFile(folder.file("a")) }
    #expect(error?.description.contains("pickle") == true)
  }

  /// Every single bit of the header turned, and the file cut at every byte: an answer or an error, never a crash.
  @Test func damageNeverCrashes() throws {
    let folder = Temporary()
    try State().write(to: folder.file("good"))
    let good = try folder.bytes("good")
    let headerEnd = 8 + Int(good[0]) + Int(good[1]) << 8
    var refused = 0
    for bit in 0..<headerEnd * 8 {
      var bad = good
      bad[bit / 8] ^= 1 << UInt8(bit % 8)
      try folder.write("bad", bad)
      do throws(CheckpointError) { _ = try SafetensorsFile(folder.file("bad")) } catch { refused += 1 }
    }
    #expect(refused > headerEnd * 4)
    for count in 0..<good.count {
      try folder.write("bad", Array(good.prefix(count)))
      #expect(throws: CheckpointError.self) { try SafetensorsFile(folder.file("bad")) }
    }
  }

  @Test func whatIsNoFileIsRefused() throws {
    let folder = Temporary()
    #expect(throws: CheckpointError.self) { try SafetensorsFile(folder.path) }
    #expect(throws: CheckpointError.self) { try SafetensorsFile(folder.file("absent")) }
  }
}
