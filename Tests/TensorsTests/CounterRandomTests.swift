import Tensors
import Testing

@Suite struct CounterRandomTests {
  private func words(_ text: String) -> [UInt32] { text.split(separator: " ").map { UInt32($0, radix: 16)! } }

  /// The vectors for philox4x32 with ten rounds in `kat_vectors` of Random123, the authors' own library.
  @Test(arguments: [
    ("00000000 00000000 00000000 00000000", "00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
    ("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    ("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1"),
  ])
  func knownAnswers(_ counter: String, _ key: String, _ expected: String) {
    let (c, k) = (words(counter), words(key))
    let block = CounterRandom.philox((c[0], c[1], c[2], c[3]), (k[0], k[1]))
    #expect([block.0, block.1, block.2, block.3] == words(expected))
  }

  /// How seed, purpose and counters become a key: a change would give every resumed run other data. Computed apart from
  /// this library: FNV-1a of the purpose, then the finaliser of SplitMix64 over each counter.
  @Test func streamsStayAsTheyAre() {
    var stream = CounterRandom(seed: 7, purpose: "pinned", 3, 5)
    let expected = words("f7d7812a 158483b5 63a455b3 7d0ffc52 fde4421f 3181581f 9ac4a894 b5c82490")
    #expect((0..<8).map { _ in stream.bits() } == expected)
    var named = CounterRandom(seed: 7, purpose: "pinned", name: "stem.conv.weight")
    #expect((0..<4).map { _ in named.bits() } == words("364a6217 b5706f20 69b1a95d 831aa962"))
    var uniform = CounterRandom(seed: 7, purpose: "pinned", 3, 5)
    #expect(uniform.uniform() == 0.9681320867244396)
    var order = CounterRandom(seed: 7, purpose: "pinned")
    #expect(order.permutation(10) == [7, 2, 8, 6, 4, 9, 1, 0, 3, 5])
  }

  @Test func everyPartOfTheKeyMatters() {
    var streams = [
      CounterRandom(seed: 1, purpose: "a"), CounterRandom(seed: 2, purpose: "a"), CounterRandom(seed: 1, purpose: "b"),
      CounterRandom(seed: 1, purpose: "a", 1), CounterRandom(seed: 1, purpose: "a", 0, 1),
      CounterRandom(seed: 1, purpose: "a", 1, 1), CounterRandom(seed: 1, purpose: "a", 2, 1),
      CounterRandom(seed: 1, purpose: "a", 1, 2), CounterRandom(seed: 1, purpose: "a", name: "x"),
      CounterRandom(seed: 1, purpose: "a", name: "y"),
    ]
    let firsts = streams.indices.map { stream in (0..<4).map { _ in streams[stream].bits() } }
    #expect(Set(firsts).count == streams.count)
  }

  @Test func aCopyGoesOnFromTheSamePlace() {
    var original = CounterRandom(seed: 3, purpose: "copy")
    for _ in 0..<6 { _ = original.bits() }
    var copy = original
    #expect((0..<9).map { _ in original.bits() } == (0..<9).map { _ in copy.bits() })
  }

  @Test func uniformNumbersAreUniform() {
    var random = CounterRandom(seed: 4, purpose: "uniform")
    let draws = (0..<100_000).map { _ in random.uniform() }
    #expect(draws.allSatisfy { $0 >= 0 && $0 < 1 })
    // Multiples of 2⁻⁵³, and not all of 2⁻⁵².
    #expect(draws.allSatisfy { ($0 * 0x1p53).truncatingRemainder(dividingBy: 1) == 0 })
    #expect(draws.contains { ($0 * 0x1p52).truncatingRemainder(dividingBy: 1) != 0 })
    #expect(chiSquare(draws.map { Int($0 * 64) }, kinds: 64) < 115)  // 63 degrees: 1e-4 lies above
    let scaled = (0..<1000).map { _ in random.uniform(-3, 5) }
    #expect(scaled.allSatisfy { $0 >= -3 && $0 < 5 } && scaled.min()! < -2.9 && scaled.max()! > 4.9)
  }

  @Test(arguments: [1, 2, 3, 10, 48])
  func integersBelow(_ bound: Int) {
    var random = CounterRandom(seed: 5, purpose: "integer")
    let draws = (0..<20_000).map { _ in random.integer(below: bound) }
    #expect(draws.allSatisfy { $0 >= 0 && $0 < bound })
    #expect(chiSquare(draws, kinds: bound) < 2 * Double(bound) + 20)
  }

  @Test func integersBelowAHugeBound() {
    var random = CounterRandom(seed: 6, purpose: "integer")
    let bound = Int.max
    let draws = (0..<1000).map { _ in random.integer(below: bound) }
    #expect(draws.allSatisfy { $0 >= 0 && $0 < bound } && draws.max()! > bound / 2 && Set(draws).count == 1000)
  }

  @Test func normalNumbersAreNormal() {
    var random = CounterRandom(seed: 7, purpose: "normal")
    let draws = (0..<100_000).map { _ in random.normal() }
    let moments = (1...4).map { power in
      draws.reduce(0) { sum, x in sum + (0..<power).reduce(1) { product, _ in product * x } } / Double(draws.count)
    }
    for (moment, (expected, room)) in zip(moments, [(0.0, 0.015), (1.0, 0.02), (0.0, 0.05), (3.0, 0.15)]) {
      #expect(abs(moment - expected) < room)
    }
    #expect(abs(Double(draws.filter { abs($0) < 1 }.count) / 1e5 - 0.6827) < 0.006)
    #expect(draws.allSatisfy { $0.isFinite })
  }

  @Test(arguments: [0, 1, 2, 3, 17, 4000])
  func permutationsHoldEverythingOnce(_ count: Int) {
    var random = CounterRandom(seed: 8, purpose: "order", UInt64(count))
    let (first, second) = (random.permutation(count), random.permutation(count))
    #expect(first.sorted() == Array(0..<count))
    #expect(second.sorted() == Array(0..<count))
    if count > 3 { #expect(first != second && first != Array(0..<count)) }
  }

  @Test func allPermutationsAreAsLikely() {
    var random = CounterRandom(seed: 9, purpose: "order")
    let draws = (0..<24_000).map { _ in random.permutation(4).reduce(0) { 4 * $0 + $1 } }
    let kinds = Set(draws).sorted()
    #expect(kinds.count == 24)
    #expect(chiSquare(draws.map { kinds.firstIndex(of: $0)! }, kinds: 24) < 58)  // 23 degrees: 1e-4 lies above
  }

  /// Σ (observed − expected)² / expected.
  private func chiSquare(_ draws: [Int], kinds: Int) -> Double {
    var counts = [Double](repeating: 0, count: kinds)
    for draw in draws { counts[draw] += 1 }
    let expected = Double(draws.count) / Double(kinds)
    return counts.reduce(0) { $0 + ($1 - expected) * ($1 - expected) / expected }
  }
}
