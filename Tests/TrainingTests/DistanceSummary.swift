import Foundation
import Kernels
import Synchronization
import Testing

/// Distances of gradients from float64 that the tests of a suite gather, printed as one table when the suite is done.
final class DistanceSummary: Sendable {
  struct Key: Hashable, Comparable {
    let step: Int
    let network: String

    static func < (a: Key, b: Key) -> Bool { (a.step, a.network) < (b.step, b.network) }
  }

  /// Tensor by tensor; PyTorch's are the largest over its arrangements.
  struct Distances {
    var ours: [ConvolutionAlgorithm: [Double]] = [:]
    var ratios: [ConvolutionAlgorithm: [Double]] = [:]
    var planar: [Double] = []
    var interleaved: [Double] = []
  }

  /// That of the suite that is running.
  @TaskLocal static var current = DistanceSummary()

  private let rows = Mutex<[Key: Distances]>([:])

  func add(_ step: Int, _ network: String, _ change: (inout Distances) -> Void) {
    rows.withLock { change(&$0[Key(step: step, network: network), default: Distances()]) }
  }

  /// A line a step and network, the variants' tensors taken together; ratios by their median and largest.
  var table: String {
    let header = """
      Gradients' distance from float64 over tensors, and its ratio to the farthest of PyTorch's float32
                          PyTorch, median   direct                            winograd
      step network           NCHW    NHWC    median largest  ratio, largest    median largest  ratio, largest
      """
    let lines = rows.withLock { $0 }.sorted { $0.key < $1.key }.map { key, distances in
      let name = key.network.padding(toLength: 13, withPad: " ", startingAt: 0)
      var line = String(
        format: "%4d %@ %7.1e %7.1e", key.step, name, median(distances.planar), median(distances.interleaved))
      for convolution in [ConvolutionAlgorithm.direct, .winograd] {
        let (ours, ratios) = (distances.ours[convolution] ?? [], distances.ratios[convolution] ?? [])
        line += String(
          format: "   %7.1e %7.1e  %6.2f %8.2f", median(ours), ours.max() ?? .nan, median(ratios), ratios.max() ?? .nan)
      }
      return line
    }
    return ([header] + lines).joined(separator: "\n")
  }
}

func median(_ values: [Double]) -> Double { values.isEmpty ? .nan : values.sorted()[values.count / 2] }

/// Gives the tests of a suite a summary of their own, and prints it when they have run.
struct SummarizesDistances: SuiteTrait, TestScoping {
  func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
  ) async throws {
    let summary = DistanceSummary()
    try await DistanceSummary.$current.withValue(summary) { try await function() }
    print(summary.table)
  }
}

extension Trait where Self == SummarizesDistances {
  static var summarizesDistances: Self { Self() }
}
