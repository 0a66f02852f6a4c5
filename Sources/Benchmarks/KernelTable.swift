import Kernels
import Platform

/// Where a step's time goes, operation by operation, and how each compares with what the machine can do at most.
public struct KernelTable {
  let entries: [KernelProfile.Entry]
  let steps: Int
  public let stepSeconds: Double
  public let peaks: MachinePeaks
  public let threads: Int
  public let kernels: String

  /// One operation's line.
  public struct Line {
    public let operation: KernelOperation
    public let callsPerStep: Double
    /// In a step, of all calls.
    public let seconds: Double
    /// Floating-point operations a second, or bytes of what does not multiply matrices.
    public let rate: Double
    /// Of the peak.
    public let share: Double
    public let isBoundByMemory: Bool

    init(_ entry: KernelProfile.Entry, _ table: KernelTable) {
      operation = entry.operation
      callsPerStep = Double(entry.calls) / Double(table.steps)
      seconds = entry.seconds / Double(table.steps)
      isBoundByMemory = operation.multiplications == 0
      let each = entry.seconds / Double(entry.calls)
      rate = (isBoundByMemory ? Double(operation.bytes) : 2 * operation.multiplications) / each
      share = rate / (isBoundByMemory ? table.peaks.bytes : 2 * table.peaks.multiplications)
    }
  }

  /// The operations that take longest first.
  public var lines: [Line] { entries.map { Line($0, self) }.sorted { $0.seconds > $1.seconds } }

  public var json: JSONObject {
    [
      "program": "equipoise", "threads": JSONValue(threads), "kernels": .string(kernels),
      "step_seconds": JSONValue(stepSeconds), "peak_gflops": JSONValue(2 * peaks.multiplications / 1e9),
      "peak_gigabytes_per_second": JSONValue(peaks.bytes / 1e9),
      "operations": .array(
        lines.map { line in
          var object: JSONObject = [
            "operation": .string(line.operation.name), "shape": .string("\(line.operation.shape)"),
            "channels": JSONValue(line.operation.channels), "calls": JSONValue(line.callsPerStep),
            "multiplications": JSONValue(line.operation.multiplications), "bytes": JSONValue(line.operation.bytes),
            "seconds": JSONValue(line.seconds), "share_of_step": JSONValue(line.seconds / stepSeconds),
          ]
          object.append(line.isBoundByMemory ? "gigabytes_per_second" : "gflops", JSONValue(line.rate / 1e9))
          object.append("share_of_peak", JSONValue(line.share))
          return .object(object)
        }),
    ]
  }
}
