/// How well a number tells two kinds apart.
public enum AreaUnderROC {
  /// The share of pairs of a positive and a negative in which the positive has the larger score, ties counting half
  /// (Mann and Whitney's U): 1 tells all apart, 0.5 nothing; nil where one kind is missing.
  public static func of(_ scores: [Double], isPositive: [Bool]) -> Double? {
    precondition(scores.count == isPositive.count, "\(scores.count) scores of \(isPositive.count)")
    let positives = isPositive.count { $0 }
    let negatives = isPositive.count - positives
    guard positives > 0, negatives > 0 else { return nil }
    let order = scores.indices.sorted { scores[$0] < scores[$1] }
    // Ranks from 1, those of equal scores shared out evenly.
    var sum = 0.0
    var start = 0
    while start < order.count {
      var end = start + 1
      while end < order.count && scores[order[end]] == scores[order[start]] { end += 1 }
      let rank = Double(start + 1 + end) / 2
      sum += rank * Double(order[start..<end].count { isPositive[$0] })
      start = end
    }
    return (sum - Double(positives * (positives + 1)) / 2) / Double(positives * negatives)
  }
}
