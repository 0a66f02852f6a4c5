import Benchmarks
import Foundation
import Platform
import RunRecord
import Testing

@Suite struct NetworkMeasuredTests {
  /// A file as bench allreduce writes it.
  static func network(_ sizes: [(kib: Int, milliseconds: Double, core: Double)]) throws -> Network {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("network-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    try JSONLines.write(
      sizes.map { size in
        [
          "bytes": JSONValue(size.kib << 10), "algorithm": "tree, doubling",
          "seconds": JSONValue(size.milliseconds / 1e3), "core_seconds": JSONValue(size.core / 1e3),
        ]
      }, to: path)
    return try Network(measured: path)
  }

  static func expect(_ value: Double, _ expected: Double) {
    #expect(abs(value - expected) < 1e-9 * abs(expected), "\(value), not \(expected)")
  }

  /// 8 ms a MiB, less 0.5 ms that a link lets pass after a rest; of a core 0.3 ms and 1 ms a MiB. What 64 KiB took is on
  /// no line and counts for nothing, what 4 KiB took is the latency.
  @Test func linesThroughWhatBucketsHave() throws {
    let network = try Self.network([
      (4, 0.1, 0.01), (64, 0.11, 0.02), (256, 1.5, 0.55), (1024, 7.5, 1.3), (4096, 31.5, 4.3),
    ])
    Self.expect(network.latency, 0.1e-3)
    Self.expect(network.secondsPerByte, 8e-3 / 0x1p20)
    Self.expect(network.coreSeconds, 0.3e-3)
    Self.expect(network.coreSecondsPerByte, 1e-3 / 0x1p20)
  }

  /// A short vector may take nothing that can be seen.
  @Test func nothingOfACore() throws {
    let network = try Self.network([(64, 0.1, 0), (1024, 7.5, 1), (4096, 31.5, 4)])
    Self.expect(network.coreSecondsPerByte, 1e-3 / 0x1p20)
  }

  @Test func whatNoLineGoesThroughIsRefused() {
    #expect(throws: FileSystemError.self) { try Self.network([]) }
    #expect(throws: FileSystemError.self) { try Self.network([(1024, 7, 1), (1024, 8, 1)]) }
    #expect(throws: FileSystemError.self) { try Self.network([(256, 7, 1), (1024, 6, 1)]) }
  }

  /// Measured twice into one file, one of two sizes being as long as buckets.
  @Test func twoSizesTwice() throws {
    let network = try Self.network([(64, 1, 1), (1024, 16, 16), (64, 1, 1), (1024, 16, 16)])
    Self.expect(network.secondsPerByte, 16e-3 / 0x1p20)
  }

  @Test func tcpLeavesTheBytes95Percent() {
    var network = Network(latency: 0, secondsPerByte: 1)
    network.bitsPerSecond = 8e9
    Self.expect(network.secondsPerByte, 1 / 0.95e9)
  }
}
