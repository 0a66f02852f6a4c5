/// Which samples of a data set: `1-3600`, a part of it (`train`, `valid`), some of a part (`train 1-1000`), or `all`.
public struct SampleSelection: Sendable, Equatable, CustomStringConvertible {
  /// A part that the set's makers or files tell; nil for all.
  public let part: PhotographFiles.Part?
  /// The numbers of the samples within it; nil for all.
  public let range: SampleRange?

  public init(part: PhotographFiles.Part? = nil, range: SampleRange? = nil) {
    self.part = part
    self.range = range
  }

  public init?(_ text: String) {
    var words = text.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
    if words == ["all"] {
      self.init()
      return
    }
    let part = PhotographFiles.Part(rawValue: words[0])
    if part != nil { words.removeFirst() }
    let range = words.first.flatMap { SampleRange($0) }
    guard words.count == (range == nil ? 0 : 1), part != nil || range != nil else { return nil }
    self.init(part: part, range: range)
  }

  public var description: String {
    let words = [part?.rawValue, range?.description].compactMap { $0 }
    return words.isEmpty ? "all" : words.joined(separator: " ")
  }

  /// Whether some samples are in both, as far as can be told without reading them.
  public func overlaps(_ other: SampleSelection) -> Bool {
    if self == SampleSelection() || other == SampleSelection() { return true }
    guard part == other.part else { return false }
    guard let range, let otherRange = other.range else { return true }
    return range.indices.overlaps(otherRange.indices)
  }
}
