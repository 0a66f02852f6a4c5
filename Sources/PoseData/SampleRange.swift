/// Consecutive samples of a data set, numbered from 1, both ends included: `1-3600`.
public struct SampleRange: Sendable, Equatable, CustomStringConvertible {
  public let first: Int
  public let last: Int

  /// nil unless 1 ≤ first ≤ last.
  public init?(first: Int, last: Int) {
    guard first >= 1, first <= last, last <= Int(Int32.max) else { return nil }
    self.first = first
    self.last = last
  }

  public init?(_ text: String) {
    let ends = text.split(separator: "-", omittingEmptySubsequences: false)
    guard ends.count == 2, ends.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }),
      let first = Int(ends[0]), let last = Int(ends[1])
    else { return nil }
    self.init(first: first, last: last)
  }

  public var count: Int { last - first + 1 }
  /// The same samples numbered from 0, as a `PoseDataset` numbers them.
  public var indices: Range<Int> { first - 1..<last }
  public var description: String { "\(first)-\(last)" }
}
