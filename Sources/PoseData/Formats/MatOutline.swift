import CMatio

/// Looks over a MATLAB 5 file before libmatio sees it.
///
/// libmatio trusts what it reads: a damaged file of a kilobyte that claims a large cell array makes it reserve tens of
/// gigabytes. So every element up to the one that is wanted must be a numeric array in the plain form that MATLAB and
/// SciPy write, of a size that the file can hold. The format: "MAT-File Format", The MathWorks, level 5.
struct MatOutline {
  private let bytes: [UInt8]
  private let path: String

  private enum Tag {
    static let int8 = 1
    static let int32 = 5
    static let uint32 = 6
    static let matrix = 14
    static let compressed = 15
  }

  /// Classes of arrays from double to uint64; the others are nested, sparse or text.
  private static let numericClasses = 6...15
  /// Deflating makes of 1032 bytes one at best.
  private static let largestInflation = 1032
  /// Enough of an element for its flags, eight extents and a name of 63 letters.
  private static let headerBytes = 160

  init(_ bytes: [UInt8], _ path: String) {
    self.bytes = bytes
    self.path = path
  }

  /// Walks the top-level elements, a tag of type and length each, until the one called `variable`.
  func check(until variable: String) throws(DataError) {
    guard bytes.count >= 136, bytes.starts(with: "MATLAB 5.0".utf8),
      bytes[124] == 0, bytes[125] == 1, bytes[126] == UInt8(ascii: "I"), bytes[127] == UInt8(ascii: "M")
    else { throw DataError(path, "is not a MATLAB 5 file") }
    var offset = 128
    while offset < bytes.count {
      guard offset + 8 <= bytes.count else { throw DataError(path, "is cut short: it ends within a tag") }
      let (type, length) = (Self.word(bytes, offset), Self.word(bytes, offset + 4))
      let end = offset + 8 + length
      guard end <= bytes.count else {
        throw DataError(path, "is cut short: an element of \(length) bytes begins at byte \(offset)")
      }
      let name: String
      switch type {
      case Tag.matrix:
        let header = Array(bytes[offset + 8..<min(end, offset + 8 + Self.headerBytes)])
        name = try checkHeader(header, room: length, at: offset)
      case Tag.compressed:
        let header = try inflate(bytes[offset + 8..<end], at: offset)
        guard header.count >= 8, Self.word(header, 0) == Tag.matrix else { throw damaged(offset) }
        name = try checkHeader(Array(header[8...]), room: length * Self.largestInflation, at: offset)
      default:
        throw damaged(offset)
      }
      if name == variable { return }
      offset = end
    }
    throw DataError(path, "holds no variable \(variable)")
  }

  /// Checks flags, extents and name of an array, and returns the name.
  ///
  /// - Parameter room: bytes that the array's values may take in the file.
  private func checkHeader(_ header: [UInt8], room: Int, at offset: Int) throws(DataError) -> String {
    guard header.count >= 32, Self.word(header, 0) == Tag.uint32, Self.word(header, 4) == 8,
      Self.word(header, 16) == Tag.int32
    else { throw damaged(offset) }
    guard Self.numericClasses.contains(Int(header[8])) else {
      throw DataError(path, "the element at byte \(offset) is not a numeric array")
    }
    let rank = Self.word(header, 20) / 4
    guard Self.word(header, 20) % 4 == 0, (2...8).contains(rank) else { throw damaged(offset) }
    let nameTag = 24 + (rank + rank % 2) * 4
    guard nameTag + 8 <= header.count else { throw damaged(offset) }
    var count = 1
    for axis in 0..<rank {
      // An extent above 2³¹ is negative to MATLAB; either way it exceeds the room.
      count *= Self.word(header, 24 + axis * 4)
      guard count <= room else { throw damaged(offset) }
    }
    // Up to four letters lie in the tag itself, whose upper half then holds their number.
    let tag = Self.word(header, nameTag)
    let (start, length) = tag >> 16 > 0 ? (nameTag + 4, tag >> 16) : (nameTag + 8, Self.word(header, nameTag + 4))
    guard tag & 0xffff == Tag.int8, tag >> 16 <= 4, length <= 63, start + length <= header.count else {
      throw damaged(offset)
    }
    return String(decoding: header[start..<start + length], as: UTF8.self)
  }

  /// The first bytes of a deflated element.
  private func inflate(_ deflated: ArraySlice<UInt8>, at offset: Int) throws(DataError) -> [UInt8] {
    var code = Z_OK
    let header = [UInt8](unsafeUninitializedCapacity: Self.headerBytes) { memory, count in
      deflated.withUnsafeBufferPointer { source in
        var size = UInt(memory.count)
        code = uncompress(memory.baseAddress, &size, source.baseAddress, UInt(source.count))
        // More to come than fits is what is expected; the room is filled all the same.
        count = code == Z_OK || code == Z_BUF_ERROR ? Int(size) : 0
      }
    }
    guard code == Z_OK || code == Z_BUF_ERROR else { throw damaged(offset) }
    return header
  }

  private func damaged(_ offset: Int) -> DataError {
    DataError(path, "the element at byte \(offset) is damaged or of an unknown kind")
  }

  /// A little-endian word of 32 bits.
  private static func word(_ bytes: [UInt8], _ offset: Int) -> Int {
    (0..<4).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) }
  }
}
