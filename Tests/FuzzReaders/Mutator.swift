import Tensors

/// Changes good inputs into bad ones, and now and then one into another good one.
struct Mutator {
  private let corpus: [[UInt8]]
  /// Words of the format, which chance would not find.
  private let words: [[UInt8]]
  private let longest: Int

  init(corpus: [[UInt8]], words: [String] = []) {
    self.corpus = corpus
    self.words = words.map { Array($0.utf8) }
    longest = 2 * corpus.map(\.count).max()! + 4096
  }

  /// A good input.
  var sample: [UInt8] { corpus[0] }

  /// The input of this number: the same for the same seed.
  func input(seed: UInt64, number: Int) -> [UInt8] {
    var random = CounterRandom(seed: seed, purpose: "fuzz", UInt64(number))
    var bytes = corpus[random.integer(below: corpus.count)]
    for _ in 0...random.integer(below: 6) { change(&bytes, &random) }
    return Array(bytes.prefix(longest))
  }

  private func change(_ bytes: inout [UInt8], _ random: inout CounterRandom) {
    let place = random.integer(below: bytes.count + 1)
    let length = min(1 << random.integer(below: 8), bytes.count - place)
    switch random.integer(below: 10) {
    case 0 where place < bytes.count: bytes[place] ^= 1 << UInt8(random.integer(below: 8))
    case 1 where place < bytes.count: bytes[place] = UInt8(random.integer(below: 256))
    case 2: bytes.removeSubrange(place..<place + length)
    case 3: bytes.insert(contentsOf: bytes[place..<place + length], at: random.integer(below: bytes.count + 1))
    case 4: bytes.removeLast(bytes.count - place)
    case 5: bytes.insert(contentsOf: (0..<max(1, length)).map { _ in UInt8(random.integer(below: 256)) }, at: place)
    case 6: overwrite(&bytes, at: place, with: number(&random))
    case 7 where !words.isEmpty: bytes.insert(contentsOf: words[random.integer(below: words.count)], at: place)
    case 8 where !words.isEmpty: overwrite(&bytes, at: place, with: words[random.integer(below: words.count)])
    default:
      // The head of one and the tail of another.
      let other = corpus[random.integer(below: corpus.count)]
      bytes = Array(bytes.prefix(place)) + other.dropFirst(min(place, other.count))
    }
  }

  /// A number that programs trip over, in one of its widths.
  private func number(_ random: inout CounterRandom) -> [UInt8] {
    let numbers: [UInt64] = [
      0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 0x7FFF_FFFF_FFFF_FFFF,
      0x8000_0000_0000_0000, 0xFFFF_FFFF_FFFF_FFFF,
    ]
    let value = numbers[random.integer(below: numbers.count)]
    let bytes = (0..<8).prefix(1 << random.integer(below: 4)).map {
      UInt8(truncatingIfNeeded: value >> (8 * UInt64($0)))
    }
    return random.integer(below: 2) == 0 ? bytes : bytes.reversed()
  }

  private func overwrite(_ bytes: inout [UInt8], at place: Int, with new: [UInt8]) {
    bytes.replaceSubrange(place..<min(place + new.count, bytes.count), with: new)
  }
}
