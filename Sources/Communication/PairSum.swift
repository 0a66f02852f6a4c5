/// Sums of two neighbouring subtrees of a reduction, element by element.
///
/// The left operand is always the subtree with the lower shards. Each function reads and writes one of its operands
/// in place, so that the compiler needs to tell apart two ranges of memory only, and vectorises.
public enum PairSum {
  /// values = values + upper.
  public static func add(
    _ values: UnsafeMutablePointer<Float>, upper: UnsafePointer<Float>, count: Int
  ) { addUpper(values, upper, count) }

  /// values = lower + values.
  public static func add(
    lower: UnsafePointer<Float>, _ values: UnsafeMutablePointer<Float>, count: Int
  ) { addLower(lower, values, count) }

  /// values = values + upper.
  public static func add(
    _ values: UnsafeMutablePointer<Double>, upper: UnsafePointer<Double>, count: Int
  ) { addUpper(values, upper, count) }

  /// values = lower + values.
  public static func add(
    lower: UnsafePointer<Double>, _ values: UnsafeMutablePointer<Double>, count: Int
  ) { addLower(lower, values, count) }

  @inline(__always)
  static func addUpper<Number: BinaryFloatingPoint>(
    _ values: UnsafeMutablePointer<Number>, _ upper: UnsafePointer<Number>, _ count: Int
  ) {
    var index = 0
    while index < count {
      values[index] = values[index] + upper[index]
      index &+= 1
    }
  }

  @inline(__always)
  static func addLower<Number: BinaryFloatingPoint>(
    _ lower: UnsafePointer<Number>, _ values: UnsafeMutablePointer<Number>, _ count: Int
  ) {
    var index = 0
    while index < count {
      values[index] = lower[index] + values[index]
      index &+= 1
    }
  }

  /// lower = upper = lower + upper.
  @inline(__always)
  static func addToBoth<Number: BinaryFloatingPoint>(
    _ lower: UnsafeMutablePointer<Number>, _ upper: UnsafeMutablePointer<Number>, _ count: Int
  ) {
    var index = 0
    while index < count {
      let sum = lower[index] + upper[index]
      lower[index] = sum
      upper[index] = sum
      index &+= 1
    }
  }
}
