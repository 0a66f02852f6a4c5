import DataParallel
import Tensors
import Testing

@Suite struct GradientBucketsTests {
  @Test(arguments: [1, 15, 16, 17, 1000, 262_144, 1_000_003], [1, 10_000, 1 << 18, 1 << 20, 1 << 40])
  func bucketsCoverTheBlockInOrderOnAlignedStarts(count: Int, bytes: Int) {
    let buckets = GradientBuckets(count: count, .bytes(bytes))
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
    let buckets = GradientBuckets(count: 10 * elements, .bytes(1 << 20))
    #expect(buckets.largest == elements)
    #expect(buckets.ranges.map(\.count) == Array(repeating: elements, count: 9) + [2, 4, 8, 8].map { elements / $0 })
  }

  /// A sum costs as much as 512 KiB: whatever is left is halved no further.
  @Test func halvesArePaidFor() {
    let elements = (1 << 20) / MemoryLayout<Real>.size
    let size = BucketSize.fitting(SumCost(secondsPerByte: 1e-9, secondsPerSum: 0x1p19 * 1e-9))
    #expect(size.bytes(ofGradient: 8 << 20) == 2 << 20)
    let buckets = GradientBuckets(count: 8 * elements, size)
    #expect(buckets.ranges.map(\.count) == [2, 2, 2, 1].map { $0 * elements } + [elements / 2, elements / 2])
  }

  @Test func shortBucketsAreEqual() {
    let elements = (64 << 10) / MemoryLayout<Real>.size
    let buckets = GradientBuckets(count: 10 * elements + 1, .bytes(64 << 10))
    #expect(buckets.ranges.map(\.count) == Array(repeating: elements, count: 10) + [1])
  }
}
