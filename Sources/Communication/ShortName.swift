/// A word of at most 16 ASCII characters, such as `generator`: it travels in messages of fixed size.
public struct ShortName: Hashable, Sendable, BitwiseCopyable, ExpressibleByStringLiteral, CustomStringConvertible {
  static let none = ShortName(words: 0, 0)

  /// Its characters in order from the low byte of `first` on; zero where there are none.
  let first, second: UInt64

  init(words first: UInt64, _ second: UInt64) {
    self.first = first
    self.second = second
  }

  public init(stringLiteral text: StaticString) {
    precondition(text.hasPointerRepresentation && text.isASCII && text.utf8CodeUnitCount <= 16, "no short name")
    var words: (UInt64, UInt64) = (0, 0)
    for index in 0..<text.utf8CodeUnitCount {
      let bits = UInt64(text.utf8Start[index]) << UInt64(index % 8 * 8)
      if index < 8 { words.0 |= bits } else { words.1 |= bits }
    }
    self.init(words: words.0, words.1)
  }

  /// What came from elsewhere may be anything: only printable characters are shown.
  public var description: String {
    let bytes = [first, second].flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) } }
    return String(decoding: bytes.filter { (0x20..<0x7F).contains($0) }, as: UTF8.self)
  }
}
