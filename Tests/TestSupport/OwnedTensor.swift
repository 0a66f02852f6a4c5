import Tensors

/// Memory of a test's own, as a tensor, between two margins that nobody may write to.
public final class OwnedTensor {
  private static let margin = 64

  private let memory: Buffer<Real>
  public let shape: Shape

  /// Zeros, or `values`.
  public init(_ shape: Shape, _ values: [Double]? = nil) {
    memory = Buffer(count: shape.count + 2 * Self.margin)
    self.shape = shape
    for i in 0..<Self.margin {
      memory.pointer[i] = .nan
      memory.pointer[Self.margin + shape.count + i] = .nan
    }
    if let values {
      precondition(values.count == shape.count)
      for (i, value) in values.enumerated() { tensor.pointer[i] = Real(value) }
    }
  }

  /// The same value everywhere: not a number, to see that an operation writes all of its result.
  public convenience init(_ shape: Shape, filledWith value: Double) {
    self.init(shape, Array(repeating: value, count: shape.count))
  }

  /// Normally distributed values.
  public convenience init(_ shape: Shape, _ random: inout CounterRandom, scale: Double = 1) {
    self.init(shape, (0..<shape.count).map { _ in scale * random.normal() })
  }

  public var tensor: Tensor { Tensor(memory.pointer + Self.margin, shape) }
  public var pointer: UnsafeMutablePointer<Real> { memory.pointer + Self.margin }
  /// As they are in memory, rounded to `Real`.
  public var values: [Double] { tensor.values.map { Double($0) } }

  /// Whether both margins are as they were. What is read from them shows as a result that is not a number.
  public var marginsAreIntact: Bool {
    (0..<Self.margin).allSatisfy {
      memory.pointer[$0].isNaN && memory.pointer[Self.margin + shape.count + $0].isNaN
    }
  }
}
