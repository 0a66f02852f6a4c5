import Communication
import Platform

/// What a step's time is made of on one rank, as a timeline of `bench step` shows it: seconds from the step's beginning.
///
/// Best taken without exchanges (`bench step --no-exchange --timeline FILE`), all ranks of a machine at once, and with
/// small buckets, between whose ends moments are interpolated.
public struct StepProfile: Sendable, Equatable {
  /// One network's gradient: when its bytes are ready, as points (bytes so far, seconds).
  public struct Gradient: Sendable, Equatable {
    public var network: String
    public var points: [(bytes: Int, seconds: Double)]

    public init(network: String, points: [(bytes: Int, seconds: Double)]) {
      self.network = network
      self.points = points
    }

    public static func == (one: Gradient, other: Gradient) -> Bool {
      one.network == other.network && one.points.elementsEqual(other.points, by: ==)
    }

    public var bytes: Int { points.last?.bytes ?? 0 }

    /// When the first `bytes` are ready.
    func seconds(through bytes: Int) -> Double {
      var before = (bytes: 0, seconds: points.first?.seconds ?? 0)
      for point in points {
        if bytes <= point.bytes {
          let share = Double(bytes - before.bytes) / Double(max(1, point.bytes - before.bytes))
          return before.seconds + share * (point.seconds - before.seconds)
        }
        before = point
      }
      return before.seconds
    }
  }

  /// A vector that is ready all at once.
  public struct Handover: Sendable, Equatable {
    public var bytes: Int
    public var seconds: Double

    public init(bytes: Int, seconds: Double) {
      self.bytes = bytes
      self.seconds = seconds
    }
  }

  /// Shards that the rank runs, one after the other; gradients become ready in the last.
  public var localShards: Int
  /// Seconds of all passes.
  public var compute: Double
  /// In the order in which they are waited for.
  public var gradients: [Gradient]
  /// Batch statistics, ready when the forwards are.
  public var statistics: Handover
  /// Bytes of losses, ready when the passes are.
  public var sumsBytes: Int
  /// Seconds after each gradient's arrival, and at the end, in which updates are made.
  public var norm: Double
  public var update: Double
  /// The passes' seconds of single steps, in shares of `compute`: how far ranks and steps differ.
  public var spread: [Double]

  public init(
    localShards: Int, compute: Double, gradients: [Gradient], statistics: Handover, sumsBytes: Int, norm: Double,
    update: Double, spread: [Double] = [1]
  ) {
    self.localShards = localShards
    self.compute = compute
    self.gradients = gradients
    self.statistics = statistics
    self.sumsBytes = sumsBytes
    self.norm = norm
    self.update = update
    self.spread = spread
  }

  /// The same on machines that compute so many times as fast.
  public func with(speed: Double) -> StepProfile {
    precondition(speed > 0)
    var other = self
    other.compute /= speed
    other.norm /= speed
    other.update /= speed
    other.statistics.seconds /= speed
    for index in other.gradients.indices {
      for point in other.gradients[index].points.indices { other.gradients[index].points[point].seconds /= speed }
    }
    return other
  }

  /// The same networks with other shards of the same size on a rank.
  public func with(localShards shards: Int) -> StepProfile {
    let each = compute / Double(localShards)
    var other = self
    other.localShards = shards
    other.compute = each * Double(shards)
    let shift = each * Double(shards - localShards)
    other.statistics.seconds += shift
    for index in other.gradients.indices {
      for point in other.gradients[index].points.indices { other.gradients[index].points[point].seconds += shift }
    }
    return other
  }
}

// MARK: From a timeline

extension StepProfile {
  /// One rank's part in one step.
  private struct Part {
    var begin = Double.infinity
    var computed = 0.0
    var shards = 0
    var norm = 0.0
    var update = 0.0
    var ready: [(network: String, bucket: Int, bytes: Int, at: Double)] = []
  }

  /// Reads what `bench step --timeline` or `train --timeline` wrote.
  public init(timeline path: String) throws(FileSystemError) {
    guard let trace = try JSONLines.read(path).first, let events = trace["traceEvents"]?.array else {
      throw FileSystemError(path, "is no timeline")
    }
    var parts: [[Int]: Part] = [:]
    for event in events {
      guard let event = event.object, event["ph"]?.string == "X", let rank = event["pid"]?.int,
        let step = event["args"]?.object?["step"]?.int, let name = event["name"]?.string,
        let start = event["ts"]?.double, let length = event["dur"]?.double
      else { continue }
      let lane = event["tid"]?.int.flatMap { Timeline.Lane(rawValue: UInt64($0)) }
      var part = parts[[rank, step]] ?? Part()
      if lane == .handingOver, let arguments = event["args"]?.object, let bytes = arguments["bytes"]?.int {
        part.ready.append((name, arguments["bucket"]?.int ?? 0, bytes, start))
      } else if lane == .computing, let span = StepSpan(rawValue: name) {
        if StepSpan.passes.contains(span) {
          part.begin = min(part.begin, start)
          part.computed = max(part.computed, start + length)
        }
        switch span {
        case .generatorForward: part.shards += 1
        case .gradientNorm: part.norm += length
        case .waiting: part.norm -= length
        case .update: part.update += length
        default: break
        }
      }
      parts[[rank, step]] = part
    }
    let whole = parts.keys.sorted { $0[1] == $1[1] ? $0[0] < $1[0] : $0[1] < $1[1] }
      .compactMap { parts[$0] }.filter { $0.shards > 0 && !$0.ready.isEmpty }
    guard let first = whole.first else {
      throw FileSystemError(path, "has no step with gradients handed over; make it with bench step --timeline")
    }
    func middle(_ value: (Part) -> Double) -> Double { median(whole.map(value)) }
    let compute = middle { $0.computed - $0.begin }
    var gradients: [Gradient] = []
    var statistics = Handover(bytes: 0, seconds: 0)
    var sumsBytes = 0
    for (index, ready) in first.ready.enumerated() {
      // Every step hands over the same vectors in the same order.
      let seconds =
        middle { part in
          (index < part.ready.count ? part.ready[index].at : part.computed) - part.begin
        } / 1e6
      switch ready.network {
      case "\(ShortName.stepSums)":
        sumsBytes = ready.bytes
        continue
      case "\(ShortName.stepStatistics)":
        statistics = Handover(bytes: ready.bytes, seconds: seconds)
        continue
      default: break
      }
      if gradients.last?.network != ready.network { gradients.append(Gradient(network: ready.network, points: [])) }
      let before = gradients[gradients.count - 1].bytes
      gradients[gradients.count - 1].points.append((before + ready.bytes, seconds))
    }
    let networks = Double(max(1, gradients.count))
    self.init(
      localShards: first.shards, compute: compute / 1e6, gradients: gradients, statistics: statistics,
      sumsBytes: sumsBytes, norm: max(0, middle { $0.norm }) / 1e6 / networks, update: middle { $0.update } / 1e6,
      spread: whole.map { ($0.computed - $0.begin) / compute })
  }
}
