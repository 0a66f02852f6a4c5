import Tensors

/// The parameters and running statistics of one network: names, shapes, and one block of values each.
///
/// Parameters lie in the block in the order in which the backward pass finishes their gradients, so that a finished
/// stretch of gradients is a range of one block (docs/design/gradients.md). That order is found by planning a step.
public final class ParameterStore {
  /// One parameter of the store it was declared in.
  public struct Parameter: Sendable, Hashable { let index: Int }
  /// Running mean and variance of one batch normalisation.
  public struct Statistics: Sendable, Hashable { let index: Int }

  /// A named array of the store, as a checkpoint holds it.
  public struct Entry: Sendable {
    /// The layer's name, a dot, and the layer's own name for it: `stem.conv.weight`.
    public let name: String
    public let shape: [Int]
    /// Where it lies in the block.
    public fileprivate(set) var offset: Int
    public var count: Int { shape.reduce(1, *) }
    let initialization: Initialization

    /// The name of the layer that declared it.
    var layer: String { String(name[..<(name.lastIndex(of: ".") ?? name.endIndex)]) }
    /// What that layer calls it.
    var lastName: String { name.split(separator: ".").last.map(String.init) ?? name }
  }

  /// What a parameter is before training. Layers take PyTorch's defaults.
  public enum Initialization: Sendable {
    /// U(−1/√fanIn, 1/√fanIn)
    case uniform(fanIn: Int)
    case constant(Real)
  }

  private static let alignment = 16

  public private(set) var parameters: [Entry] = []
  public private(set) var statistics: [Entry] = []
  public private(set) var values = Buffer<Real>(count: 0)
  public private(set) var runningValues = Buffer<Real>(count: 0)
  private var isLaidOut = false

  public init() {}

  /// Numbers in the block, padding between parameters included.
  public var count: Int { values.count }
  /// Learnable numbers.
  public var parameterCount: Int { parameters.reduce(0) { $0 + $1.count } }
  /// Doubles that hold one batch's statistics of all normalisations: count, means, squared means, variances each.
  public var statisticsCount: Int { statistics.reduce(0) { $0 + Self.statisticsSize(channels: $1.count / 2) } }

  /// Declares a parameter of a layer, before the store is laid out.
  ///
  /// - Parameters:
  ///   - name: the layer's name, a dot, and the layer's own name for it: `stem.conv.weight`. Checkpoints and the random
  ///     numbers of the initialization go by it.
  ///   - shape: at most four extents, the innermost last.
  public func declare(_ name: String, shape: [Int], _ initialization: Initialization) -> Parameter {
    precondition(!isLaidOut, "\(name) is declared after the store was laid out")
    precondition(name.split(separator: ".").count > 1, "\(name) names no layer and parameter")
    precondition((1...4).contains(shape.count) && !shape.contains { $0 < 1 }, "\(name) has shape \(shape)")
    parameters.append(Entry(name: name, shape: shape, offset: 0, initialization: initialization))
    return Parameter(index: parameters.count - 1)
  }

  func declareStatistics(_ name: String, channels: Int) -> Statistics {
    precondition(!isLaidOut, "\(name) is declared after the store was laid out")
    let offset = statistics.reduce(0) { $0 + $1.count }
    statistics.append(Entry(name: name, shape: [2, channels], offset: offset, initialization: .constant(0)))
    return Statistics(index: statistics.count - 1)
  }

  /// Places the parameters in `order`, or as declared, and reserves the blocks.
  public func layOut(order: [Parameter]? = nil) {
    precondition(!isLaidOut, "a store is laid out once")
    let order = order ?? parameters.indices.map(Parameter.init)
    precondition(
      Set(order).count == parameters.count && order.count == parameters.count, "not every parameter gets a gradient")
    var offset = 0
    for parameter in order {
      parameters[parameter.index].offset = offset
      offset += (parameters[parameter.index].count + Self.alignment - 1) / Self.alignment * Self.alignment
    }
    values = Buffer<Real>(count: offset)
    runningValues = Buffer<Real>(count: statistics.reduce(0) { $0 + $1.count })
    for entry in statistics {
      let channels = entry.count / 2
      (runningValues.pointer + entry.offset + channels).update(repeating: 1, count: channels)
    }
    isLaidOut = true
  }

  /// Sets every parameter from (seed, its name).
  public func initialize(seed: UInt64, network: String) {
    for entry in parameters {
      let values = values.pointer + entry.offset
      switch entry.initialization {
      case .constant(let value): values.update(repeating: value, count: entry.count)
      case .uniform(let fanIn):
        var random = CounterRandom(seed: seed, purpose: "initialization", name: "\(network).\(entry.name)")
        let bound = 1 / Double(fanIn).squareRoot()
        for i in 0..<entry.count { values[i] = Real(Float(random.uniform(-bound, bound))) }
      }
    }
  }

  /// The name of the layer that declared `parameter`.
  public func layer(of parameter: Parameter) -> String { parameters[parameter.index].layer }

  /// A parameter's values, once the store is laid out.
  public func pointer(_ parameter: Parameter) -> UnsafeMutablePointer<Real> {
    values.pointer + parameters[parameter.index].offset
  }

  func range(_ parameter: Parameter) -> Range<Int> {
    let entry = parameters[parameter.index]
    return entry.offset..<(entry.offset + (entry.count + Self.alignment - 1) / Self.alignment * Self.alignment)
  }

  func runningMean(_ statistics: Statistics) -> UnsafeMutablePointer<Real> {
    runningValues.pointer + self.statistics[statistics.index].offset
  }

  func runningVariance(_ statistics: Statistics) -> UnsafeMutablePointer<Real> {
    let entry = self.statistics[statistics.index]
    return runningValues.pointer + entry.offset + entry.count / 2
  }

  // MARK: Statistics of a batch

  static func statisticsSize(channels: Int) -> Int { 1 + 3 * channels }

  /// Where the batch statistics of one normalisation begin among all of a network's.
  func statisticsOffset(_ statistics: Statistics) -> Int {
    self.statistics[..<statistics.index].reduce(0) { $0 + Self.statisticsSize(channels: $1.count / 2) }
  }

  /// Takes the statistics of one global batch into the running ones: r += momentum · (batch − r).
  ///
  /// `sums` are the shards' statistics summed. The batch's variance is the mean of the shards' variances plus the
  /// variance of their means, made unbiased by n/(n − 1).
  public func updateRunningStatistics(from sums: UnsafePointer<Double>, shards: Int, momentum: Double = 0.1) {
    var part = sums
    for entry in statistics {
      let channels = entry.count / 2
      let mean = runningValues.pointer + entry.offset
      let variance = mean + channels
      let count = part[0]
      for c in 0..<channels {
        let batchMean = part[1 + c] / Double(shards)
        let between = max(0, part[1 + channels + c] / Double(shards) - batchMean * batchMean)
        let batchVariance = (part[1 + 2 * channels + c] / Double(shards) + (shards == 1 ? 0 : between))
        mean[c] += Real(momentum * (batchMean - Double(mean[c])))
        variance[c] += Real(momentum * (batchVariance * count / max(1, count - 1) - Double(variance[c])))
      }
      part += Self.statisticsSize(channels: channels)
    }
  }
}
