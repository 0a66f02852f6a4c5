import RunRecord

extension Network {
  /// From what `bench allreduce --json` printed on two ranks: sums by doubling are one exchange and an addition each.
  ///
  /// Straight lines through (bytes, seconds), each size counting by its relative error, so that neither the latency of
  /// the small ones nor the rate of the large ones drowns in the other.
  public init(measured path: String) throws(FileSystemError) {
    var passed: [(bytes: Double, seconds: Double)] = []
    var core = passed
    for line in try JSONLines.read(path) where line["algorithm"]?.string == "tree, doubling" {
      guard let bytes = line["bytes"]?.int, let seconds = line["seconds"]?.double, seconds > 0,
        let coreSeconds = line["core_seconds"]?.double, coreSeconds > 0
      else { throw FileSystemError(path, "has a line that bench allreduce does not write") }
      passed.append((Double(bytes), seconds))
      core.append((Double(bytes), coreSeconds))
    }
    guard passed.count > 1 else {
      throw FileSystemError(
        path, "has no two sizes by tree, doubling; make it with bench allreduce --json on two ranks")
    }
    let (ofTime, ofCore) = (Self.line(passed), Self.line(core))
    self.init(
      latency: ofTime.intercept, secondsPerByte: ofTime.slope, coreSeconds: ofCore.intercept,
      coreSecondsPerByte: ofCore.slope)
  }

  private static func line(_ points: [(bytes: Double, seconds: Double)]) -> (intercept: Double, slope: Double) {
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
    return (max(0, (wy - slope * wx) / w), slope)
  }
}
