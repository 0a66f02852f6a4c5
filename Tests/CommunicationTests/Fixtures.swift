import Communication
import Tensors

/// Values whose sum depends on the order of addition: magnitudes from 2⁻²⁰ to 2²⁰, both signs.
func roughValues<Number: BinaryFloatingPoint>(_ count: Int, seed: UInt64, as type: Number.Type) -> [Number] {
  var random = CounterRandom(seed: seed, purpose: "rough values")
  return (0..<count).map { _ in
    let magnitude = Double(sign: .plus, exponent: random.integer(below: 41) - 20, significand: 1)
    return Number(random.uniform(-1, 1) * magnitude)
  }
}

/// The balanced tree over `leaves`, written the obvious way.
func treeSum<Number: BinaryFloatingPoint>(_ leaves: ArraySlice<[Number]>) -> [Number] {
  guard leaves.count > 1 else { return leaves.first! }
  let middle = leaves.startIndex + leaves.count / 2
  return zip(treeSum(leaves[..<middle]), treeSum(leaves[middle...])).map { $0 + $1 }
}

func leftToRightSum<Number: BinaryFloatingPoint>(_ leaves: [[Number]]) -> [Number] {
  leaves.dropFirst().reduce(leaves[0]) { zip($0, $1).map { $0 + $1 } }
}

/// A hash of a vector's bits (FNV-1a over words): tells −0 from 0, and is short in a failed test's message.
func bits(_ values: [Float]) -> UInt64 { hash(values.lazy.map { UInt64($0.bitPattern) }) }
func bits(_ values: [Double]) -> UInt64 { hash(values.lazy.map(\.bitPattern)) }

private func hash(_ words: some Sequence<UInt64>) -> UInt64 {
  words.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ $1) &* 0x100_0000_01b3 }
}
