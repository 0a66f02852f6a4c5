import Platform

#if _endian(big)
  #error("the tensors of a checkpoint are little-endian, and are written as they lie in memory")
#endif

/// Writes the safetensors format: eight bytes little-endian that count the header's bytes, the header in JSON, the data.
///
/// The header gives each tensor's dtype, shape and byte range within the data. Wider elements come first and, within
/// one width, names in order, so that every tensor is aligned to its element. The header is padded with blanks to
/// eight bytes. See https://github.com/huggingface/safetensors.
public enum Safetensors {
  /// The bytes a file of these arrays will have.
  public static func fileSize(of arrays: [NamedArray], metadata: [(key: String, value: String)] = []) -> Int {
    8 + header(ordered(arrays), metadata).count + arrays.reduce(0) { $0 + $1.bytes.count }
  }

  /// Writes `arrays`, whose names must differ, to a new file at `path`, flushed and closed, and returns its SHA-256.
  @discardableResult
  public static func write(
    _ arrays: [NamedArray], metadata: [(key: String, value: String)] = [], to path: String
  ) throws(FileSystemError) -> String {
    let arrays = ordered(arrays)
    let header = header(arrays, metadata)
    let file = try OutputFile(creating: path)
    try file.write((0..<8).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) })
    try file.write(header)
    for array in arrays { try file.write(array.bytes) }
    return try file.finish()
  }

  private static func ordered(_ arrays: [NamedArray]) -> [NamedArray] {
    precondition(Set(arrays.map(\.name)).count == arrays.count, "two tensors of one name")
    return arrays.sorted { a, b in
      a.type.size != b.type.size ? a.type.size > b.type.size : precedes(a.name, b.name)
    }
  }

  /// The order of names: by their UTF-8 bytes, which is the same everywhere.
  static func precedes(_ a: String, _ b: String) -> Bool {
    a.utf8.lexicographicallyPrecedes(b.utf8)
  }

  private static func header(_ arrays: [NamedArray], _ metadata: [(key: String, value: String)]) -> [UInt8] {
    var header = JSONObject()
    if !metadata.isEmpty {
      var members = JSONObject()
      for (key, value) in metadata { members.append(key, .string(value)) }
      header.append("__metadata__", .object(members))
    }
    var offset = 0
    for array in arrays {
      precondition(array.name != "__metadata__", "a tensor cannot be called __metadata__")
      header.append(
        array.name,
        .object([
          "dtype": .string(array.type.rawValue),
          "shape": .array(array.shape.map { JSONValue($0) }),
          "data_offsets": .array([JSONValue(offset), JSONValue(offset + array.bytes.count)]),
        ]))
      offset += array.bytes.count
    }
    var bytes = Array(header.text.utf8)
    while bytes.count % 8 != 0 { bytes.append(UInt8(ascii: " ")) }
    return bytes
  }
}
