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
      #expect(one.count == buckets.largest && next.count <= one.count && !next.isEmpty)
      #expect(next.lowerBound % GradientBuckets.alignment == 0)
    }
  }

  @Test func aBucketHasTheWantedSize() {
    let elements = (1 << 20) / MemoryLayout<Real>.size
    #expect(GradientBuckets(count: 10 * elements + 1, bytes: 1 << 20).ranges.count == 11)
    #expect(GradientBuckets(count: 10 * elements, bytes: 1 << 20).largest == elements)
  }
}
