import Communication
import Platform

#if canImport(Glibc)
  import Glibc
#endif

/// Times sums over ranks: our tree both ways, and each algorithm of MPI_Allreduce, in turn.
public final class AllReduceBenchmark {
  /// One way to sum vectors of one size.
  public struct Line: Sendable {
    public let bytes: Int
    public let name: String
    /// Of the slowest rank, median over tries.
    public let seconds: Double
    /// Of a core where a step computes meanwhile: what its computing lacks, or what the sum's thread took if that is more.
    /// Median over tries and ranks.
    public let coreSeconds: Double
    /// Whether a run's gradients of this size are summed so.
    public let isUsed: Bool

    public var json: JSONObject {
      [
        "bytes": JSONValue(bytes), "algorithm": .string(name), "seconds": JSONValue(seconds),
        "core_seconds": JSONValue(coreSeconds), "used": .bool(isUsed),
      ]
    }
  }

  /// Seconds, in which 1 Gbit/s carries 600 KB.
  private static let rest = 0.005
  /// Seconds, at least, over which it is asked what sums take from a core: some hundred convolutions.
  private static let interval = 0.05

  private enum Way {
    case tree(TreeReducer)
    case library(LibraryAllReduce)
  }

  private let communicator: any Communicator
  private let sizes: [Int]
  private let tries: Int
  /// Where gradients lie: in memory that ranks of one machine share.
  private let memory: SharedMemory
  private let ways: [(name: String, way: Way)]

  /// - Parameter sizes: bytes of the vectors.
  public init(_ communicator: any Communicator, sizes: [Int], tries: Int) throws {
    self.communicator = communicator
    self.sizes = sizes
    self.tries = tries
    let largest = sizes.max() ?? 0
    memory = try communicator.shareMemory(bytes: largest)
    // The tree's come first, the shorter vectors' way before the longer ones'.
    var ways: [(String, Way)] = [
      ("tree, doubling", .tree(TreeReducer(communicator, "doubling", largest: largest, scattered: 0..<0))),
      ("tree, scattering", .tree(TreeReducer(communicator, "scattering", largest: largest, scattered: 0..<Int.max))),
    ]
    for library in try LibraryAllReduce.all(communicator) {
      ways.append(("MPI_Allreduce, \(library.name)", .library(library)))
    }
    self.ways = ways
  }

  private func sum(_ vector: UnsafeMutableBufferPointer<Float>, _ way: Way, tag: Int) throws {
    switch way {
    case .tree(let reducer): try reducer.reduce(vector, tag: tag, witness: 0)
    case .library(let library): try library.reduce(vector)
    }
  }

  /// All sizes by all ways; `report` is told of each size on rank 0.
  public func run(_ report: ([Line]) -> Void) throws -> [Line] {
    var lines: [Line] = []
    let values = memory.bytes.assumingMemoryBound(to: Float.self)
    let scattered = TreeReducer.usuallyScattered(communicator, at: memory.bytes.baseAddress!)
    for bytes in sizes {
      let vector = UnsafeMutableBufferPointer(rebasing: values[..<(bytes / MemoryLayout<Float>.size)])
      // Of each way and try, in turn.
      var seconds = Array(repeating: [Double](), count: ways.count)
      // The first try opens connections and is not counted.
      for attempt in 0...tries {
        for (index, way) in ways.enumerated() {
          // Links are at rest before each: what their buffers swallow is the same for all.
          Self.sleep(Self.rest)
          try communicator.barrier()
          let start = Timeline.now
          try sum(vector, way.way, tag: attempt)
          let took = Timeline.now - start
          if attempt > 0 { seconds[index].append(Double(took) / 1e9) }
        }
      }
      let allSeconds = try gathered(seconds)
      let slowest = ways.indices.map { index in
        median((0..<tries).map { attempt in allSeconds.map { $0[index * tries + attempt] }.max()! })
      }
      let core = try gathered(coreSeconds(vector, slowest))
      var ofSize: [Line] = []
      for (index, way) in ways.enumerated() {
        let core = core.flatMap { $0[index * tries..<(index + 1) * tries] }
        let used = scattered.contains(bytes) ? 1 : 0
        ofSize.append(
          Line(
            bytes: bytes, name: way.name, seconds: slowest[index], coreSeconds: median(core),
            isUsed: index == used))
      }
      if communicator.rank == 0 { report(ofSize) }
      lines += ofSize
    }
    return lines
  }

  /// What sums take from a core, of each way and try, in turn. All ranks are given the same seconds that each way takes.
  private func coreSeconds(_ vector: UnsafeMutableBufferPointer<Float>, _ seconds: [Double]) throws -> [[Double]] {
    let neighbour = try ComputingNeighbour()
    communicator.activity.isComputing = true
    defer {
      communicator.activity.isComputing = false
      neighbour.stop()
    }
    var core = Array(repeating: [Double](), count: ways.count)
    for _ in 0..<tries {
      let still = try interval(neighbour, repeating: 1, resting: Self.interval) {}
      let meeting = try interval(neighbour, repeating: Int(Self.interval / Self.rest) + 1, resting: Self.rest) {}
      for (index, way) in ways.enumerated() {
        let sums = Int(Self.interval / (Self.rest + seconds[index])) + 1
        let with = try interval(neighbour, repeating: sums, resting: Self.rest) { try sum(vector, way.way, tag: 0) }
        let lacking = with.lacking(beside: still) - meeting.lacking(beside: still)
        core[index].append(max(lacking, with.ofThread - meeting.ofThread, 0))
      }
    }
    return core
  }

  /// What passed while something was done so many times.
  private struct Interval {
    let times: Double
    let seconds: Double
    /// The neighbour's.
    let convolutions: Double
    /// Seconds of a core that this thread took, each time.
    let ofThread: Double

    /// Seconds of the neighbour's that each time took.
    func lacking(beside still: Interval) -> Double {
      (seconds - convolutions * still.seconds / max(1, still.convolutions)) / times
    }
  }

  /// Rests, meets the other ranks and does something, so many times.
  private func interval(
    _ neighbour: ComputingNeighbour, repeating times: Int, resting rest: Double, _ body: () throws -> Void
  ) throws -> Interval {
    let (start, core, before) = (Timeline.now, Timeline.threadTime, neighbour.convolutions)
    for _ in 0..<times {
      Self.sleep(rest)
      try communicator.barrier()
      try body()
    }
    return Interval(
      times: Double(times), seconds: Double(Timeline.now - start) / 1e9,
      convolutions: Double(neighbour.convolutions - before),
      ofThread: Double(Timeline.threadTime - core) / 1e9 / Double(times))
  }

  private static func sleep(_ seconds: Double) { usleep(UInt32(seconds * 1e6)) }

  /// Of each rank, the numbers of each way.
  private func gathered(_ numbers: [[Double]]) throws -> [[Double]] {
    try communicator.allGather(numbers: numbers.flatMap { $0 })
  }
}
