#if canImport(Glibc)
  import Glibc
#endif

/// Random numbers that are a function of a key and a position: Philox 4×32 with ten rounds
/// (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
///
/// No draw depends on a rank, a thread or the time. Two streams with different keys are independent.
public struct CounterRandom: Sendable {
  private let key: (UInt32, UInt32)
  private let stream: (UInt32, UInt32)
  private var position: UInt64 = 0
  private var block: (UInt32, UInt32, UInt32, UInt32) = (0, 0, 0, 0)
  private var used = 4

  /// A stream for `seed` and up to two counters, such as (epoch, sample), with a `purpose` that keeps the streams
  /// of different uses apart.
  public init(seed: UInt64, purpose: StaticString, _ first: UInt64 = 0, _ second: UInt64 = 0) {
    var hash = Self.hash(seed, purpose.withUTF8Buffer { Self.hash($0) })
    hash = Self.hash(hash, first)
    let low = Self.hash(hash, second)
    let high = Self.hash(low, 0x9e37_79b9_7f4a_7c15)
    key = (UInt32(truncatingIfNeeded: low), UInt32(truncatingIfNeeded: low >> 32))
    stream = (UInt32(truncatingIfNeeded: high), UInt32(truncatingIfNeeded: high >> 32))
  }

  /// A stream for `seed` and a name, such as a parameter's.
  public init(seed: UInt64, purpose: StaticString, name: String) {
    var name = name
    self.init(seed: seed, purpose: purpose, name.withUTF8 { Self.hash($0) })
  }

  /// FNV-1a over bytes.
  private static func hash(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt64 {
    bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
  }

  /// Mixes a value into a hash (the finaliser of SplitMix64).
  private static func hash(_ state: UInt64, _ value: UInt64) -> UInt64 {
    var z = (state ^ value) &+ 0x9e37_79b9_7f4a_7c15
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  /// 32 uniform bits.
  public mutating func bits() -> UInt32 {
    if used == 4 {
      block = Self.philox(
        (UInt32(truncatingIfNeeded: position), UInt32(truncatingIfNeeded: position >> 32), stream.0, stream.1), key)
      position += 1
      used = 0
    }
    defer { used += 1 }
    switch used {
    case 0: return block.0
    case 1: return block.1
    case 2: return block.2
    default: return block.3
    }
  }

  /// Philox 4×32 itself, ten rounds: the bijection of `counter` that `key` chooses.
  public static func philox(
    _ counter: (UInt32, UInt32, UInt32, UInt32), _ key: (UInt32, UInt32)
  ) -> (UInt32, UInt32, UInt32, UInt32) {
    var c = counter
    var k = key
    for _ in 0..<10 {
      let first = UInt64(0xd251_1f53) * UInt64(c.0)
      let second = UInt64(0xcd9e_8d57) * UInt64(c.2)
      c = (
        UInt32(truncatingIfNeeded: second >> 32) ^ c.1 ^ k.0, UInt32(truncatingIfNeeded: second),
        UInt32(truncatingIfNeeded: first >> 32) ^ c.3 ^ k.1, UInt32(truncatingIfNeeded: first)
      )
      k = (k.0 &+ 0x9e37_79b9, k.1 &+ 0xbb67_ae85)
    }
    return c
  }

  /// Uniform in [0, 1), 53 bits.
  public mutating func uniform() -> Double {
    let high = UInt64(bits() >> 5)
    let low = UInt64(bits() >> 6)
    return Double(high << 26 | low) * 0x1p-53
  }

  /// Uniform in [lower, upper).
  public mutating func uniform(_ lower: Double, _ upper: Double) -> Double {
    lower + (upper - lower) * uniform()
  }

  /// Uniform in 0..<bound; the bias, below bound / 2⁶⁴, is accepted.
  public mutating func integer(below bound: Int) -> Int {
    precondition(bound > 0)
    let word = UInt64(bits()) << 32 | UInt64(bits())
    return Int(word.multipliedFullWidth(by: UInt64(bound)).high)
  }

  /// Standard normal (Box and Muller).
  public mutating func normal() -> Double {
    let radius = (-2 * log(1 - uniform())).squareRoot()
    return radius * cos(2 * .pi * uniform())
  }

  /// A permutation of 0..<count (Fisher and Yates).
  public mutating func permutation(_ count: Int) -> [Int] {
    var order = Array(0..<count)
    var last = count - 1
    while last > 0 {
      order.swapAt(last, integer(below: last + 1))
      last -= 1
    }
    return order
  }
}
