import Communication
import Tensors

/// Sums the gradients of a rank's shards in a balanced tree, in log₂ L + 1 blocks for L shards.
///
/// A binary counter of partial sums. Before shard i the blocks 0 … popcount(i) − 1 hold the sums of finished subtrees,
/// largest first, one for each 1 in i; shard i goes into the next block. Adding 1 to i carries over its trailing ones,
/// and each carry merges the two last blocks:
///
///     i = 0  [0]                     i = 2  [01, 2]
///     i = 1  [0, 1] → [01]           i = 3  [01, 2, 3] → [01, 23] → [0123]
///
/// The left operand of a merge always has the lower shards. L is a power of two, so all ends in block 0.
struct ShardAccumulator: ~Copyable {
  let count: Int
  let localShards: Int
  /// Block 0, which other ranks of the machine may see.
  private let first: SharedMemory
  /// The others.
  private let blocks: Buffer<Real>
  /// Elements from one block to the next: whole pages.
  private let stride: Int

  /// - Parameter first: memory for `count` elements.
  init(count: Int, localShards: Int, first: SharedMemory) {
    precondition(localShards.nonzeroBitCount == 1)
    precondition(first.bytes.count >= count * MemoryLayout<Real>.stride)
    self.first = first
    self.count = count
    self.localShards = localShards
    stride = (count + 1023) & ~1023
    blocks = Buffer<Real>(count: stride * localShards.trailingZeroBitCount)
  }

  /// Where the gradient of `shard`, 0..<L, goes: `count` elements.
  func block(for shard: Int) -> UnsafeMutablePointer<Real> {
    precondition((0..<localShards).contains(shard))
    return block(shard.nonzeroBitCount)
  }

  /// Carries `shard` into the partial sums, in one range of the elements.
  func merge(_ shard: Int, in range: Range<Int>) {
    let carries = (~shard).trailingZeroBitCount
    for carry in 0..<carries {
      let left = block(shard.nonzeroBitCount - carry - 1) + range.lowerBound
      let right = block(shard.nonzeroBitCount - carry) + range.lowerBound
      PairSum.add(left, upper: right, count: range.count)
    }
  }

  /// The sum over the rank's shards, once the last is merged.
  var sum: UnsafeMutablePointer<Real> { block(0) }

  private func block(_ number: Int) -> UnsafeMutablePointer<Real> {
    number == 0
      ? first.bytes.baseAddress!.assumingMemoryBound(to: Real.self) : blocks.pointer + (number - 1) * stride
  }
}
