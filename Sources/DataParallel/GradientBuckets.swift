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

  /// - Parameter mebibytes: the wanted size of a bucket, `comm.bucket_mib`.
  public init(count: Int, mebibytes: Double) {
    precondition(count > 0 && mebibytes > 0)
    let wanted = min(mebibytes * 0x1p20 / Double(MemoryLayout<Real>.size), 0x1p40)
    let length = max(Self.alignment, Int(wanted) / Self.alignment * Self.alignment)
    self.count = count
    ranges = stride(from: 0, to: count, by: length).map { $0..<min($0 + length, count) }
  }

  /// Elements of the largest bucket.
  public var largest: Int { ranges[0].count }
}
