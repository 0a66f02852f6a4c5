import DataParallel
import Tensors

/// Training steps of many ranks played through in time, with the exchanges of the tree as `TreeReducer` makes them and as
/// `CommunicationThread` queues them.
///
/// A rank hands over each bucket when its last gradient is ready; its communication thread takes them one by one. At
/// distance d = 1, 2, 4 … it exchanges with rank r ⊕ d, when both are there: the whole bucket, or where that is faster
/// the halves of halves, and these again on the way back. Batch statistics take their turn among the buckets. Then the main
/// thread waits for each network's last bucket, and updates.
public struct StepSimulation: Sendable {
  /// Ranks, and the networks between them.
  public struct Cluster: Sendable {
    public var ranks: Int
    /// Ranks on a machine, which share its link.
    public var slots: Int
    public var between: Network
    public var within: Network
    /// Whether the communication thread takes its time from the cores that compute.
    public var sharesCores: Bool

    public init(
      ranks: Int, slots: Int = 1, between: Network, within: Network? = nil, sharesCores: Bool = true
    ) {
      precondition(ranks.nonzeroBitCount == 1 && slots.nonzeroBitCount == 1)
      self.ranks = ranks
      self.slots = min(slots, ranks)
      self.between = between
      self.within = within ?? between
      self.sharesCores = sharesCores
    }
  }

  /// Bytes of the largest bucket.
  public let largestBucket: Int

  /// Seconds of a step, mean over steps and ranks.
  public struct Outcome: Sendable, Equatable {
    public var step: Double
    /// In which the main thread waited for others.
    public var exposed: Double
    /// In which the communication thread exchanged, or waited for partners.
    public var communication: Double
  }

  private let profile: StepProfile
  private let cluster: Cluster
  private let buckets: [Bucket]
  private let scattered: Range<Int>

  private struct Bucket {
    let bytes: Int
    let ready: Double
    /// Whose gradient's last bucket it is; nil: another.
    var closes: Int?
  }

  /// - Parameters:
  ///   - bucketBytes: `comm.bucket_mib` in bytes; nil: as ranks would choose it.
  ///   - scattered: bytes of vectors that go by reduce-scatter.
  public init(_ profile: StepProfile, _ cluster: Cluster, bucketBytes: Int? = nil, scattered: Range<Int>) {
    precondition(bucketBytes ?? 1 > 0)
    self.profile = profile
    self.cluster = cluster
    self.scattered = scattered
    let size =
      bucketBytes.map { BucketSize.bytes($0) }
      ?? (cluster.ranks == 1 ? .usual : .fitting(cluster.sumCost(scattered)))
    let width = MemoryLayout<Real>.size
    var buckets: [Bucket] = []
    var largestBucket = 0
    if profile.statistics.bytes > 0 {
      buckets.append(Bucket(bytes: profile.statistics.bytes, ready: profile.statistics.seconds))
    }
    for (number, gradient) in profile.gradients.enumerated() where gradient.bytes >= width {
      let cut = GradientBuckets(count: gradient.bytes / width, size)
      largestBucket = max(largestBucket, cut.largest * width)
      for range in cut.ranges {
        buckets.append(
          Bucket(
            bytes: range.count * width, ready: gradient.seconds(through: range.upperBound * width),
            closes: range.upperBound == cut.count ? number : nil))
      }
    }
    self.largestBucket = largestBucket
    self.buckets = buckets.enumerated().sorted { ($0.element.ready, $0.offset) < ($1.element.ready, $1.offset) }
      .map(\.element)
  }

  /// Plays `steps` steps after one that brings ranks into their usual disorder.
  public func run(steps: Int = 20, seed: UInt64 = 0) -> Outcome {
    let ranks = cluster.ranks
    var begin = Array(repeating: 0.0, count: ranks)
    var (first, total) = (0.0, 0.0)
    var (exposed, communication) = (0.0, 0.0)
    for step in 0...steps {
      var factors = Array(repeating: 1.0, count: ranks)
      for rank in 0..<ranks {
        var random = CounterRandom(seed: seed, purpose: "step spread", UInt64(step), UInt64(rank))
        let index = min(profile.spread.count - 1, Int(random.uniform() * Double(profile.spread.count)))
        factors[rank] = profile.spread[index]
      }
      let passes = (0..<ranks).map { begin[$0] + profile.compute * factors[$0] }
      var state = State(gradients: profile.gradients.count, begin: begin, passes: passes)
      for bucket in buckets {
        for rank in 0..<ranks {
          state.submit(rank, at: begin[rank] + bucket.ready * factors[rank] + state.lag[rank])
        }
        reduce(bucket.bytes, &state)
        if let number = bucket.closes { state.close(number) }
      }
      for rank in 0..<ranks {
        state.submit(rank, at: passes[rank] + state.lag[rank])
      }
      reduce(profile.sumsBytes, &state)
      for rank in 0..<ranks {
        var now = passes[rank] + state.lag[rank]
        var waited = 0.0
        for number in profile.gradients.indices {
          waited += max(0, state.closed[number][rank] - now)
          now = max(now, state.closed[number][rank]) + profile.norm
        }
        waited += max(0, state.time[rank] - now)
        begin[rank] = max(now, state.time[rank]) + profile.update
        if step > 0 {
          exposed += waited
          communication += state.busy[rank]
        }
      }
      let mean = begin.reduce(0, +) / Double(ranks)
      if step == 0 { first = mean } else { total = mean - first }
    }
    let count = Double(steps * ranks)
    return Outcome(step: total / Double(steps), exposed: exposed / count, communication: communication / count)
  }

  /// Where all ranks are within a step.
  private struct State {
    /// When each rank's communication thread is free.
    var time: [Double]
    /// When each rank's passes would end if nothing held them up, and by how much communication has.
    let passes: [Double]
    var lag: [Double]
    var busy: [Double]
    /// When each gradient's last bucket was summed.
    var closed: [[Double]]

    init(gradients: Int, begin: [Double], passes: [Double]) {
      time = begin
      self.passes = passes
      lag = Array(repeating: 0, count: begin.count)
      busy = lag
      closed = Array(repeating: lag, count: gradients)
    }

    mutating func submit(_ rank: Int, at moment: Double) { time[rank] = max(time[rank], moment) }
    mutating func close(_ number: Int) { closed[number] = time }
  }

  /// Sums one vector over ranks.
  private func reduce(_ bytes: Int, _ state: inout State) {
    cluster.sum(bytes, scattered) { exchange($0, $1, &state) }
  }

  private func exchange(_ bytes: Int, _ distance: Int, _ state: inout State) {
    let seconds = cluster.seconds(bytes, distance)
    let held = cluster.sharesCores ? cluster.network(distance).coreSeconds(bytes) : 0
    for rank in 0..<cluster.ranks where rank & distance == 0 {
      let partner = rank | distance
      let start = max(state.time[rank], state.time[partner])
      for one in [rank, partner] {
        state.busy[one] += start + seconds - state.time[one]
        state.time[one] = start + seconds
        if start < state.passes[one] + state.lag[one] { state.lag[one] += held }
      }
    }
  }
}

extension StepSimulation.Cluster {
  func network(_ distance: Int) -> Network { distance < slots ? within : between }

  /// Of an exchange of so many bytes each way by every rank at once: a machine's ranks share its link.
  func seconds(_ bytes: Int, _ distance: Int) -> Double {
    network(distance).seconds(distance < slots ? bytes : bytes * slots)
  }

  /// The exchanges of one sum, in order, as (bytes, distance).
  func sum(_ bytes: Int, _ scattered: Range<Int>, _ exchange: (Int, Int) -> Void) {
    var part = bytes
    let scatters = scattered.contains(bytes)
    var distance = 1
    while distance < ranks {
      if scatters { part = (part + 1) / 2 }
      exchange(part, distance)
      distance *= 2
    }
    guard scatters else { return }
    while distance > 1 {
      distance /= 2
      exchange(part, distance)
      part *= 2
    }
  }

  /// What ranks that start together would measure.
  func sumCost(_ scattered: Range<Int>) -> SumCost {
    func sample(_ bytes: Int) -> SumCost.Sample {
      var total = SumCost.Sample(passed: 0, core: 0)
      sum(bytes, scattered) { bytes, distance in
        total.passed += seconds(bytes, distance)
        total.core += network(distance).coreSeconds(bytes)
      }
      return total
    }
    return SumCost(
      shortest: sample(SumCost.sizes.shortest), middle: sample(SumCost.sizes.middle),
      longest: sample(SumCost.sizes.longest))
  }
}
