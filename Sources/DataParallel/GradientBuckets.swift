import Tensors

/// A network's gradient block cut into ranges that are reduced one by one, in layout order.
///
/// The layout is the order in which backward finishes, so bucket 0 is ready first. Buckets are equal until less than two
/// are left; from there on each takes half of what is left, down to the shortest. All begin at multiples of 16 elements.
/// Sizes change when sums are sent, never their bits.
public struct GradientBuckets: Sendable, Equatable {
  /// Elements of the block.
  public let count: Int
  public let ranges: [Range<Int>]

  /// Elements that a bucket's start is a multiple of.
  public static let alignment = 16

  /// - Parameter size: the wanted one of a bucket; the largest one's.
  public init(count: Int, _ size: BucketSize) {
    let width = MemoryLayout<Real>.size
    let bytes = size.bytes(ofGradient: count * width)
    precondition(count > 0 && bytes > 0)
    let length = Self.aligned(bytes / width)
    let shortest = min(length, Self.aligned(size.shortest / width))
    self.count = count
    var ranges: [Range<Int>] = []
    var start = 0
    while start < count {
      let left = count - start
      let end = start + min(left, max(shortest, min(length, Self.aligned(left / 2))))
      ranges.append(start..<end)
      start = end
    }
    self.ranges = ranges
  }

  private static func aligned(_ elements: Int) -> Int { max(alignment, elements / alignment * alignment) }

  /// Elements of the largest bucket.
  public var largest: Int { ranges[0].count }
}
