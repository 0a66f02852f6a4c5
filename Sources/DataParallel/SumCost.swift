import Communication
import Platform

/// What a sum over all ranks takes.
public struct SumCost: Sendable, Equatable {
  /// Seconds for each byte of the vector.
  public let secondsPerByte: Double
  /// Seconds besides, however short the vector: until the last byte is there, and of a core that computes.
  public let secondsPerSum: Double

  public init(secondsPerByte: Double, secondsPerSum: Double) {
    precondition(secondsPerByte > 0 && secondsPerSum >= 0)
    self.secondsPerByte = secondsPerByte
    self.secondsPerSum = secondsPerSum
  }

  /// Seconds that sums of one length take.
  public struct Sample: Sendable, Equatable {
    public var passed: Double
    /// Of a core.
    public var core: Double

    public init(passed: Double, core: Double) {
      self.passed = passed
      self.core = core
    }
  }

  /// Bytes of the vectors that costs are told from. Both longer ones go the way of buckets
  /// (`TreeReducer.usuallyScattered`): a line through them says what does not grow with the vector, of time as of a core.
  /// No sum is faster than one of the shortest.
  public static let sizes = (shortest: 4 << 10, middle: 256 << 10, longest: 1 << 20)
  private static let tries = 5

  /// From samples of vectors of these `sizes`.
  public init(shortest: Sample, middle: Sample, longest: Sample) {
    let (near, far) = (Double(Self.sizes.middle), Double(Self.sizes.longest))
    func besides(_ middle: Double, _ longest: Double) -> Double { (middle * far - longest * near) / (far - near) }
    let latency = max(shortest.passed, besides(middle.passed, longest.passed))
    self.init(
      secondsPerByte: max(longest.passed - latency, longest.passed / 16) / far,
      secondsPerSum: latency + max(0, besides(middle.core, longest.core)))
  }

  /// Times sums: medians of a few tries, of the rank where they are largest. Every rank calls it, and gets the same.
  public init(measuring communicator: any Communicator) throws(CommunicationError) {
    // Where gradients lie.
    let memory = try communicator.shareMemory(bytes: Self.sizes.longest)
    let values = memory.bytes.assumingMemoryBound(to: Float.self)
    let reducer = TreeReducer(communicator, "measuring", largest: Self.sizes.longest)
    func sample(_ bytes: Int) throws(CommunicationError) -> Sample {
      try Self.sample(
        communicator, reducer,
        UnsafeMutableBufferPointer(rebasing: values[..<(bytes / MemoryLayout<Float>.size)]))
    }
    self.init(
      shortest: try sample(Self.sizes.shortest), middle: try sample(Self.sizes.middle),
      longest: try sample(Self.sizes.longest))
  }

  private static func sample(
    _ communicator: any Communicator, _ reducer: TreeReducer, _ vector: UnsafeMutableBufferPointer<Float>
  ) throws(CommunicationError) -> Sample {
    var passed: [Double] = []
    var core: [Double] = []
    // As in a step, where others compute meanwhile.
    communicator.activity.isComputing = true
    defer { communicator.activity.isComputing = false }
    // The first opens connections.
    for attempt in 0...tries {
      try communicator.barrier()
      let (start, coreStart) = (Timeline.now, Timeline.threadTime)
      try reducer.reduce(vector, tag: attempt, witness: 0)
      if attempt > 0 {
        passed.append(Double(Timeline.now - start) / 1e9)
        core.append(Double(Timeline.threadTime - coreStart) / 1e9)
      }
    }
    let all = try communicator.allGather(numbers: [passed, core].map { median($0) })
    return Sample(passed: all.map { $0[0] }.max()!, core: all.map { $0[1] }.max()!)
  }
}
