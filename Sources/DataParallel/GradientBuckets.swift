import Tensors

/// A network's gradient block cut into ranges that are reduced one by one, in layout order.
///
/// The layout is the order in which backward finishes, so bucket 0 is ready first. Buckets are equal, but for the
/// last, and begin at multiples of 16 elements. Sizes change when sums are sent, never their bits.
public struct GradientBuckets: Sendable, Equatable {
  /// Elements of the block.
  public let count: Int
  public let ranges: [Range<Int>]

  /// Elements that a bucket's start is a multiple of.
  public static let alignment = 16

  /// - Parameter bytes: the wanted size of a bucket.
  public init(count: Int, bytes: Int) {
    precondition(count > 0 && bytes > 0)
    let length = max(Self.alignment, bytes / MemoryLayout<Real>.size / Self.alignment * Self.alignment)
    self.count = count
    ranges = stride(from: 0, to: count, by: length).map { $0..<min($0 + length, count) }
  }

  /// Elements of the largest bucket.
  public var largest: Int { ranges[0].count }
}
