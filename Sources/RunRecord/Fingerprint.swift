import Platform

/// One digest of a whole training state: equal states have equal fingerprints wherever and however they were computed.
///
/// SHA-256 over the tensors in the order of their names' UTF-8 bytes, each framed so that no two lists of tensors give
/// the same bytes: count and bytes of the name, count and bytes of the dtype, number of dimensions, extents, count and
/// little-endian bytes of the data; every count is eight bytes, little-endian. The number of tensors comes first.
/// k_t, the step and the samples seen are tensors of the state too; paths, times, ranks and threads are not.
public enum Fingerprint {
  /// 64 hexadecimal digits for a state in memory.
  public static func of(_ arrays: [NamedArray]) -> String {
    let hasher = SHA256()
    update(hasher, count: arrays.count)
    for array in arrays.sorted(by: { Safetensors.precedes($0.name, $1.name) }) {
      frame(hasher, name: array.name, type: array.type, shape: array.shape, bytes: array.bytes.count)
      hasher.update(array.bytes)
    }
    return hasher.finish()
  }

  /// The same digits for a state on disk.
  public static func of(_ file: SafetensorsFile) throws(CheckpointError) -> String {
    let hasher = SHA256()
    update(hasher, count: file.entries.count)
    for entry in file.entries {
      frame(hasher, name: entry.name, type: entry.type, shape: entry.shape, bytes: entry.range.count)
      try file.forEachPiece(of: entry) { hasher.update($0) }
    }
    return hasher.finish()
  }

  private static func frame(
    _ hasher: SHA256, name: String, type: ElementType, shape: [Int], bytes: Int
  ) {
    for text in [name, type.rawValue] {
      update(hasher, count: text.utf8.count)
      hasher.update(Array(text.utf8))
    }
    update(hasher, count: shape.count)
    for extent in shape { update(hasher, count: extent) }
    update(hasher, count: bytes)
  }

  private static func update(_ hasher: SHA256, count: Int) {
    withUnsafeBytes(of: UInt64(count).littleEndian) { hasher.update($0) }
  }
}
