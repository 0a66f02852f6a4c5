import RunRecord

extension Network {
  /// From what `bench allreduce --json` printed on two ranks: sums by doubling are one exchange and an addition each.
  ///
  /// A straight line through (bytes, seconds), each size counting by its relative error, so that neither the latency of
  /// the small ones nor the rate of the large ones drowns in the other.
  public init(measured path: String) throws(FileSystemError) {
    var points: [(bytes: Double, seconds: Double, core: Double)] = []
    for line in try JSONLines.read(path) where line["algorithm"]?.string == "tree, doubling" {
      guard let bytes = line["bytes"]?.int, let seconds = line["seconds"]?.double, seconds > 0,
        let core = line["core_seconds"]?.double
      else { throw FileSystemError(path, "has a line that bench allreduce does not write") }
      points.append((Double(bytes), seconds, core))
    }
    guard points.count > 1, let largest = points.max(by: { $0.bytes < $1.bytes }) else {
      throw FileSystemError(
        path, "has no two sizes by tree, doubling; make it with bench allreduce --json on two ranks")
    }
    var (w, wx, wy, wxx, wxy) = (0.0, 0.0, 0.0, 0.0, 0.0)
    for point in points {
      let weight = 1 / (point.seconds * point.seconds)
      w += weight
      wx += weight * point.bytes
      wy += weight * point.seconds
      wxx += weight * point.bytes * point.bytes
      wxy += weight * point.bytes * point.seconds
    }
    let slope = (w * wxy - wx * wy) / (w * wxx - wx * wx)
    self.init(
      latency: max(0, (wy - slope * wx) / w), secondsPerByte: slope,
      coreSecondsPerByte: largest.core / largest.bytes)
  }
}
