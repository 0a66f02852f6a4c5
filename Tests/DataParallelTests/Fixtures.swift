import Communication
import DataParallel
import Tensors

/// Values whose sum depends on the order of addition: magnitudes from 2⁻²⁰ to 2²⁰, both signs.
func roughValues(_ count: Int, seed: UInt64) -> [Real] {
  var random = CounterRandom(seed: seed, purpose: "rough values")
  return (0..<count).map { _ in
    let magnitude = Double(sign: .plus, exponent: random.integer(below: 41) - 20, significand: 1)
    return Real(random.uniform(-1, 1) * magnitude)
  }
}

/// The balanced tree over `leaves`, written the obvious way.
func treeSum<Number: FloatingPoint>(_ leaves: ArraySlice<[Number]>) -> [Number] {
  guard leaves.count > 1 else { return leaves.first! }
  let middle = leaves.startIndex + leaves.count / 2
  return zip(treeSum(leaves[..<middle]), treeSum(leaves[middle...])).map { $0 + $1 }
}

func leftToRightSum<Number: FloatingPoint>(_ leaves: [[Number]]) -> [Number] {
  leaves.dropFirst().reduce(leaves[0]) { zip($0, $1).map { $0 + $1 } }
}

/// A hash of a vector's bits (FNV-1a over words): tells −0 from 0, and is short in a failed test's message.
func bits(_ values: [Real]) -> UInt64 {
  values.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1.bitPattern)) &* 0x100_0000_01b3 }
}

/// One step of a reducer in which this rank's shards have the gradients `leaves`, its last in pieces of `piece`.
func runStep(
  _ reducer: GradientReducer, _ plan: ShardPlan, leaves: [[Real]], witness: UInt64, piece: Int
) throws -> [Real] {
  reducer.beginStep(witness: witness)
  let count = reducer.buckets.count
  for (local, shard) in plan.localShards.enumerated() {
    let gradient = reducer.gradient(for: local)
    guard local == plan.localShardCount - 1 else {
      // Adds, as several backward passes into one block do: it must have been zeroed.
      for index in 0..<count { gradient[index] += leaves[shard][index] }
      reducer.finishShard(local)
      continue
    }
    for start in stride(from: 0, to: count, by: piece) {
      let end = min(start + piece, count)
      for index in start..<end { gradient[index] += leaves[shard][index] }
      reducer.markReady(through: end)
    }
  }
  _ = try reducer.wait()
  return Array(reducer.sum)
}
