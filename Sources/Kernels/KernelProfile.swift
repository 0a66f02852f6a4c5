import Tensors

/// One operation on tensors: what it is, and how much of it there is.
public struct KernelOperation: Hashable, Sendable {
  /// Such as "3×3 forward".
  public let name: String
  /// N×H×W×C of what is read; of the larger side where maps are halved or doubled.
  public let shape: Shape
  /// Channels of what is written.
  public let channels: Int
  /// Multiplications, each with its addition; 3×3 convolutions as Winograd F(4×4, 3×3) needs them. 0 for what only
  /// moves numbers.
  public let multiplications: Double
  /// Bytes that are read or written if each tensor passes by once, parameters left out.
  public let bytes: Int

  public init(_ name: String, _ shape: Shape, channels: Int? = nil, multiplications: Double = 0, numbers: Int) {
    self.name = name
    self.shape = shape
    self.channels = channels ?? shape.c
    self.multiplications = multiplications
    bytes = numbers * MemoryLayout<Real>.stride
  }
}

/// The time that each operation of a computation takes while it runs.
public final class KernelProfile {
  /// Runs of one operation.
  public struct Entry: Sendable {
    public let operation: KernelOperation
    public private(set) var calls = 0
    public private(set) var seconds = 0.0

    fileprivate init(_ operation: KernelOperation) { self.operation = operation }

    fileprivate mutating func note(_ seconds: Double) {
      calls += 1
      self.seconds += seconds
    }
  }

  private var indices: [KernelOperation: Int] = [:]
  /// In the order in which the operations were first met.
  public private(set) var entries: [Entry] = []

  public init() {}

  func measure<Result>(_ operation: KernelOperation, _ body: () -> Result) -> Result {
    let start = ContinuousClock.now
    let result = body()
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    let index = indices[operation] ?? entries.count
    if index == entries.count {
      indices[operation] = index
      entries.append(Entry(operation))
    }
    entries[index].note(seconds)
    return result
  }
}
