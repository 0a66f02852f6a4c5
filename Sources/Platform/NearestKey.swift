/// Finds the key that someone meant.
public enum NearestKey {
  /// The candidate most like `key`, nil where none is like it. A right name in a wrong section is like it too.
  public static func of(_ key: String, among candidates: [String]) -> String? {
    guard key.utf8.count <= 100 else { return nil }
    let name = lastPart(key)
    let scored = candidates.map { candidate in
      let misplaced = 1 + distance(name, lastPart(candidate))
      return (candidate, score: min(distance(key, candidate), misplaced))
    }
    guard let best = scored.min(by: { $0.score < $1.score }), best.score <= max(2, name.utf8.count / 3) else {
      return nil
    }
    return best.0
  }

  private static func lastPart(_ key: String) -> String {
    key.split(separator: ".").last.map(String.init) ?? key
  }

  /// Levenshtein's: the fewest insertions, deletions and replacements that turn `a` into `b`.
  private static func distance(_ a: String, _ b: String) -> Int {
    let a = Array(a.utf8)
    let b = Array(b.utf8)
    var row = Array(0...b.count)
    for (i, x) in a.enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for (j, y) in b.enumerated() {
        let replaced = diagonal + (x == y ? 0 : 1)
        diagonal = row[j + 1]
        row[j + 1] = min(replaced, row[j] + 1, row[j + 1] + 1)
      }
    }
    return row[b.count]
  }
}
