import CMatio

/// Looks over a MATLAB 5 file before libmatio sees it.
///
/// libmatio trusts what it reads: a damaged file of a kilobyte that claims a large cell array makes it reserve tens of
/// gigabytes. So every element up to the one that is wanted must be a numeric array in the plain form that MATLAB and
/// SciPy write, of a size that the file can hold; where the one that is wanted may hold structs and cells, it is followed
/// to its last byte (`MatNesting`). The format: "MAT-File Format", The MathWorks, level 5.
struct MatOutline {
  private let bytes: [UInt8]
  private let path: String

  /// What the elements of a file are.
  enum Tag {
    static let int8 = 1
    static let int32 = 5
    static let uint32 = 6
    static let matrix = 14
    static let compressed = 15
  }

  /// Classes of arrays from double to uint64; the others are nested, sparse or text.
  static let numericClasses = 6...15
  /// Deflating makes of 1032 bytes one at best.
  private static let largestInflation = 1032
  /// Most bytes of structs and cells: MPII's labels have a fifth of them.
  private static let largestNesting = 1 << 30
  /// Enough of an element for its flags, eight extents and a name of 63 letters.
  private static let headerBytes = 160

  init(_ bytes: [UInt8], _ path: String) {
    self.bytes = bytes
    self.path = path
  }

  /// Walks the top-level elements, a tag of type and length each, until the one called `variable`.
  ///
  /// - Parameter mayNest: whether that one may be an array of structs, cells or text.
  func check(until variable: String, mayNest: Bool = false) throws(DataError) {
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
      var header: [UInt8]
      var room = length
      switch type {
      case Tag.matrix: header = Array(bytes[offset + 8..<min(end, offset + 8 + Self.headerBytes)])
      case Tag.compressed:
        header = try inflate(bytes[offset + 8..<end], Self.headerBytes, at: offset)
        guard header.count >= 8, Self.word(header, 0) == Tag.matrix else { throw damaged(offset) }
        header.removeFirst(8)
        room *= Self.largestInflation
      default: throw damaged(offset)
      }
      let (name, kind) = try checkHeader(header, room: room, at: offset)
      if name == variable && mayNest {
        // With its tag, which a deflated element has inside.
        let whole =
          type == Tag.matrix
          ? Array(bytes[offset..<end])
          : try inflate(bytes[offset + 8..<end], min(room + 8, Self.largestNesting), at: offset)
        return try MatNesting.check(whole, path)
      }
      guard Self.numericClasses.contains(kind) else {
        throw DataError(path, "the element at byte \(offset) is not a numeric array")
      }
      if name == variable { return }
      offset = end
    }
    throw DataError(path, "holds no variable \(variable)")
  }

  /// Checks flags, extents and name of an array, and returns name and class.
  ///
  /// - Parameter room: bytes that the array's values may take in the file.
  private func checkHeader(
    _ header: [UInt8], room: Int, at offset: Int
  ) throws(DataError) -> (name: String, kind: Int) {
    guard header.count >= 32, Self.word(header, 0) == Tag.uint32, Self.word(header, 4) == 8,
      Self.word(header, 16) == Tag.int32
    else { throw damaged(offset) }
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
    return (String(decoding: header[start..<start + length], as: UTF8.self), Int(header[8]))
  }

  /// The first bytes of a deflated element, `most` at most.
  private func inflate(_ deflated: ArraySlice<UInt8>, _ most: Int, at offset: Int) throws(DataError) -> [UInt8] {
    var code = Z_OK
    let inflated = [UInt8](unsafeUninitializedCapacity: most) { memory, count in
      deflated.withUnsafeBufferPointer { source in
        var size = UInt(memory.count)
        code = uncompress(memory.baseAddress, &size, source.baseAddress, UInt(source.count))
        // More to come than fits is what is expected; the room is filled all the same.
        count = code == Z_OK || code == Z_BUF_ERROR ? Int(size) : 0
      }
    }
    guard code == Z_OK || code == Z_BUF_ERROR else { throw damaged(offset) }
    return inflated
  }

  private func damaged(_ offset: Int) -> DataError {
    DataError(path, "the element at byte \(offset) is damaged or of an unknown kind")
  }

  /// A little-endian word of 32 bits.
  static func word(_ bytes: [UInt8], _ offset: Int) -> Int {
    (0..<4).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) }
  }
}
