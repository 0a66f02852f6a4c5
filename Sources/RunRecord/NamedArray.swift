/// A tensor to be written or fingerprinted: its name, what it holds, and where its bytes lie, little-endian.
///
/// It lends its bytes from whoever owns them and is not kept beyond the call it is given to.
public struct NamedArray {
  public let name: String
  public let type: ElementType
  /// Extents, outermost first; empty for a scalar.
  public let shape: [Int]
  public let bytes: UnsafeRawBufferPointer

  public init(name: String, type: ElementType, shape: [Int], bytes: UnsafeRawBufferPointer) {
    precondition(
      shape.allSatisfy { $0 >= 0 } && shape.reduce(type.size, *) == bytes.count,
      "\(name): \(bytes.count) bytes do not hold \(shape) of \(type.rawValue)")
    self.name = name
    self.type = type
    self.shape = shape
    self.bytes = bytes
  }
}

/// A place that a tensor of a checkpoint is read into.
public struct NamedDestination {
  public let name: String
  public let type: ElementType
  public let shape: [Int]
  public let bytes: UnsafeMutableRawBufferPointer

  public init(name: String, type: ElementType, shape: [Int], bytes: UnsafeMutableRawBufferPointer) {
    precondition(
      shape.allSatisfy { $0 >= 0 } && shape.reduce(type.size, *) == bytes.count,
      "\(name): \(bytes.count) bytes do not hold \(shape) of \(type.rawValue)")
    self.name = name
    self.type = type
    self.shape = shape
    self.bytes = bytes
  }
}
