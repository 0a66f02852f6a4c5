import DataParallel
import Platform

extension Network {
  /// From what `bench allreduce --json` printed on two ranks: sums by doubling are one exchange and an addition each.
  ///
  /// Straight lines through (bytes, seconds) of the lengths that buckets have, each counting by its time's relative error; and
  /// no latency below what the shortest vector took. Shorter ones have a rate of their own: they go through what a link
  /// lets pass at once after a rest.
  public init(measured path: String) throws(FileSystemError) {
    var passed: [(bytes: Double, seconds: Double, weight: Double)] = []
    var core = passed
    for line in try JSONLines.read(path) where line["algorithm"]?.string == "tree, doubling" {
      guard let bytes = line["bytes"]?.int, let seconds = line["seconds"]?.double, seconds > 0,
        let coreSeconds = line["core_seconds"]?.double, coreSeconds >= 0
      else { throw FileSystemError(path, "has a line that bench allreduce does not write") }
      let weight = 1 / (seconds * seconds)
      passed.append((Double(bytes), seconds, weight))
      core.append((Double(bytes), coreSeconds, weight))
    }
    guard let shortest = passed.min(by: { $0.bytes < $1.bytes }), let ofTime = Self.line(passed),
      let ofCore = Self.line(core)
    else {
      throw FileSystemError(
        path, "has no two sizes by tree, doubling; make it with bench allreduce --json on two ranks")
    }
    guard ofTime.slope > 0 else { throw FileSystemError(path, "says that longer vectors take less time") }
    self.init(
      latency: max(shortest.seconds, ofTime.intercept), secondsPerByte: ofTime.slope,
      coreSeconds: max(0, ofCore.intercept), coreSecondsPerByte: max(0, ofCore.slope))
  }

  private static func sizes(_ points: [(bytes: Double, seconds: Double, weight: Double)]) -> Int {
    Set(points.map(\.bytes)).count
  }

  private static let leastBucket = Double(BucketSize.bounds.lowerBound)

  /// Nil where there are no two sizes.
  private static func line(
    _ points: [(bytes: Double, seconds: Double, weight: Double)]
  ) -> (intercept: Double, slope: Double)? {
    let long = points.filter { $0.bytes >= leastBucket }
    let points = sizes(long) > 1 ? long : points
    guard sizes(points) > 1 else { return nil }
    var (w, wx, wy, wxx, wxy) = (0.0, 0.0, 0.0, 0.0, 0.0)
    for point in points {
      w += point.weight
      wx += point.weight * point.bytes
      wy += point.weight * point.seconds
      wxx += point.weight * point.bytes * point.bytes
      wxy += point.weight * point.bytes * point.seconds
    }
    let slope = (w * wxy - wx * wy) / (w * wxx - wx * wx)
    return ((wy - slope * wx) / w, slope)
  }
}
