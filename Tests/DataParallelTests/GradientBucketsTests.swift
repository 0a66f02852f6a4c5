import DataParallel
import Tensors
import Testing

@Suite struct GradientBucketsTests {
  @Test(arguments: [1, 15, 16, 17, 1000, 262_144, 1_000_003], [1, 10_000, 1 << 18, 1 << 20, 1 << 40])
  func bucketsCoverTheBlockInOrderOnAlignedStarts(count: Int, bytes: Int) {
    let buckets = GradientBuckets(count: count, bytes: bytes)
    #expect(buckets.ranges.first!.lowerBound == 0)
    #expect(buckets.ranges.last!.upperBound == count)
    for (one, next) in zip(buckets.ranges, buckets.ranges.dropFirst()) {
      #expect(one.upperBound == next.lowerBound)
      #expect(next.count <= one.count && !next.isEmpty)
      #expect(next.lowerBound % GradientBuckets.alignment == 0)
    }
  }

  /// Ten MiB: nine buckets of the wanted size, and what is left in halves.
  @Test func bucketsHaveTheWantedSizeAndTheLastOnesAreShort() {
    let elements = (1 << 20) / MemoryLayout<Real>.size
    let buckets = GradientBuckets(count: 10 * elements, bytes: 1 << 20)
    #expect(buckets.largest == elements)
    #expect(buckets.ranges.map(\.count) == Array(repeating: elements, count: 9) + [2, 4, 8, 8].map { elements / $0 })
  }

  @Test func shortBucketsAreEqual() {
    let elements = (64 << 10) / MemoryLayout<Real>.size
    let buckets = GradientBuckets(count: 10 * elements + 1, bytes: 64 << 10)
    #expect(buckets.ranges.map(\.count) == Array(repeating: elements, count: 10) + [1])
  }
}
