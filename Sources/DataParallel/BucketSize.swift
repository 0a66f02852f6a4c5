/// How many bytes of a gradient are sent at once.
public enum BucketSize: Sendable, Equatable {
  case bytes(Int)
  /// As long as is best where sums cost this.
  case fitting(SumCost)

  /// Where nothing is known of sums.
  public static let usual = BucketSize.bytes(4 << 20)

  /// Shorter ones would be all bookkeeping, of which a thread's own clock sees a part only, and win nothing since the last
  /// are halved; longer ones come late without making sums faster.
  public static let bounds = 1 << 20...16 << 20

  /// Bytes of a bucket of a gradient of `gradientBytes`.
  ///
  /// N bytes in buckets of b are N/b sums; and until the first is full the link rests, where it decides for at most b · s
  /// seconds: the least of both together is at b = √(N · seconds per sum / s).
  public func bytes(ofGradient gradientBytes: Int) -> Int {
    switch self {
    case .bytes(let bytes): return bytes
    case .fitting(let cost):
      let best = (Double(gradientBytes) * cost.secondsPerSum / cost.secondsPerByte).squareRoot()
      return Int(min(max(best, Double(Self.bounds.lowerBound)), Double(Self.bounds.upperBound)))
    }
  }

  /// Bytes below which no bucket is halved: nothing hides the last one's way, but two halves are one sum more, and with n
  /// bytes each they save n · s seconds.
  public var shortest: Int {
    let usual = 128 << 10
    guard case .fitting(let cost) = self else { return usual }
    return Int(min(max(cost.secondsPerSum / cost.secondsPerByte, Double(usual)), Double(Self.bounds.upperBound)))
  }
}
