/// Follows an array of a MATLAB 5 file into its structs and cells to the last byte.
///
/// Every element has to lie within the one around it, every array of numbers or text to be as long as its extents say, and
/// nothing may be left over: what libmatio then reads is what it expects.
struct MatNesting {
  private let bytes: UnsafeRawBufferPointer
  private var arrays = 0
  private var numbers = 0

  /// What is wrong; the caller knows the file.
  private struct Damage: Error {
    let problem: String
  }

  private typealias Tag = MatOutline.Tag

  private enum Class {
    static let cell = 1
    static let structure = 2
    static let text = 4
  }

  /// Each takes libmatio a few hundred bytes; MPII's labels have two to three million.
  private static let mostArrays = 8 << 20
  private static let deepest = 16
  /// They become doubles, whatever they are stored as: 128 MiB of them. MPII's labels have a few million.
  private static let mostNumbers = 16 << 20
  /// Bytes of a number, by the type of element it is stored as.
  private static let sizes = [1: 1, 2: 1, 3: 2, 4: 2, 5: 4, 6: 4, 7: 4, 9: 8, 12: 8, 13: 8]
  private static let utf8 = 16
  private static let textSizes = [2: 1, 4: 2, 17: 2]
  private static let complexFlag: UInt8 = 0x08

  /// Checks an array that begins with its tag and takes all of `bytes`.
  static func check(_ bytes: [UInt8], _ path: String) throws(DataError) {
    let result: Result<Void, Damage> = bytes.withUnsafeBytes { memory in
      var nesting = MatNesting(bytes: memory)
      return Result { () throws(Damage) in
        guard try nesting.array(at: 0, within: memory.count, depth: 0) == memory.count else {
          throw Damage(problem: "has more bytes than its structs fill")
        }
      }
    }
    if case .failure(let damage) = result { throw DataError(path, damage.problem) }
  }

  private init(bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  private func word(_ offset: Int) -> Int {
    Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
  }

  private func damaged(_ offset: Int) -> Damage {
    Damage(problem: "a struct or cell is damaged or of an unknown kind at byte \(offset) of the variable")
  }

  /// An element's type, where its content lies, and where the next one begins.
  private func element(
    at offset: Int, within end: Int
  ) throws(Damage) -> (type: Int, start: Int, length: Int, next: Int) {
    guard offset + 8 <= end else { throw damaged(offset) }
    let tag = word(offset)
    // Up to four bytes lie in the tag itself, whose upper half then holds their number.
    if tag >> 16 > 0 {
      guard tag >> 16 <= 4 else { throw damaged(offset) }
      return (tag & 0xffff, offset + 4, tag >> 16, offset + 8)
    }
    let length = word(offset + 4)
    let next = offset + 8 + (length + 7) / 8 * 8
    guard next <= end else { throw damaged(offset) }
    return (tag, offset + 8, length, next)
  }

  /// Checks an array with its tag, and returns where it ends.
  private mutating func array(at offset: Int, within end: Int, depth: Int) throws(Damage) -> Int {
    arrays += 1
    guard arrays <= Self.mostArrays else { throw Damage(problem: "has more than \(Self.mostArrays) arrays in structs") }
    guard depth <= Self.deepest else { throw Damage(problem: "has structs more than \(Self.deepest) deep") }
    guard offset + 8 <= end, word(offset) == Tag.matrix else { throw damaged(offset) }
    let length = word(offset + 4)
    let limit = offset + 8 + length
    guard limit <= end, length % 8 == 0 else { throw damaged(offset) }
    // What is empty may be no more than its tag.
    if length == 0 && depth > 0 { return limit }

    let flags = try element(at: offset + 8, within: limit)
    guard flags.type == Tag.uint32, flags.length == 8, bytes[flags.start + 1] & Self.complexFlag == 0 else {
      throw damaged(offset)
    }
    let kind = Int(bytes[flags.start])
    let extents = try element(at: flags.next, within: limit)
    guard extents.type == Tag.int32, extents.length % 4 == 0, (2...8).contains(extents.length / 4) else {
      throw damaged(offset)
    }
    var count = 1
    for axis in 0..<extents.length / 4 {
      count *= word(extents.start + axis * 4)
      guard count <= bytes.count else { throw damaged(offset) }
    }
    let name = try element(at: extents.next, within: limit)
    guard name.type == Tag.int8, name.length <= 63 else { throw damaged(offset) }

    var place = name.next
    switch kind {
    case Class.structure:
      let width = try element(at: place, within: limit)
      guard width.type == Tag.int32, width.length == 4, (1...64).contains(word(width.start)) else {
        throw damaged(place)
      }
      let names = try element(at: width.next, within: limit)
      let letters = word(width.start)
      guard names.type == Tag.int8, names.length % letters == 0, names.length / letters <= 256 else {
        throw damaged(place)
      }
      for field in 0..<names.length / letters {
        // Each name ends with a zero.
        guard bytes[names.start + (field + 1) * letters - 1] == 0 else { throw damaged(place) }
      }
      place = names.next
      for _ in 0..<count * (names.length / letters) {
        place = try array(at: place, within: limit, depth: depth + 1)
      }
    case Class.cell:
      for _ in 0..<count { place = try array(at: place, within: limit, depth: depth + 1) }
    case Class.text, MatOutline.numericClasses:
      numbers += count
      guard numbers <= Self.mostNumbers else {
        throw Damage(problem: "has more than \(Self.mostNumbers) numbers in structs")
      }
      let values = try element(at: place, within: limit)
      let sizes = kind == Class.text ? Self.textSizes : Self.sizes
      if kind == Class.text && values.type == Self.utf8 {
        // A letter has one byte to four.
        guard (count...4 * count).contains(values.length) else { throw damaged(place) }
      } else {
        guard let size = sizes[values.type], values.length == count * size else { throw damaged(place) }
      }
      place = values.next
    default: throw damaged(offset)
    }
    guard place == limit else { throw damaged(place) }
    return limit
  }
}
