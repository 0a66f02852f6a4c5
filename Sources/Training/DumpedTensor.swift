import Platform
import RunRecord
import Tensors

/// One tensor of a step as a dump keeps it: which it is, and figures that tell it from another.
public struct DumpedTensor: Sendable, Equatable {
  /// What wrote it: a pass such as `generator`; for the whole batch `sum over shards` and `state after`.
  public let part: String
  /// Of the global batch; nil where it is not one shard's.
  public var shard: Int?
  public let name: String
  public let shape: [Int]
  /// Of all bits, 16 hexadecimal digits.
  public let digest: String
  /// How many numbers are NaN or infinite; what follows is of the others.
  public private(set) var notFinite = 0
  public private(set) var least = 0.0
  public private(set) var greatest = 0.0
  public private(set) var mean = 0.0
  /// Root of the mean square.
  public private(set) var size = 0.0

  init(part: String, shard: Int, name: String, _ tensor: Tensor) {
    self.init(part: part, shard: shard, NamedArray(name: name, tensor))
  }

  /// - Parameter array: of `Real`, Double or Int64.
  init(part: String, shard: Int? = nil, _ array: NamedArray) {
    self.part = part
    self.shard = shard
    name = array.name
    shape = array.shape
    digest = String(blockDigest(array.bytes), radix: 16).leftPadded(16, "0")
    switch array.type {
    case .f32: measure(array.bytes.bindMemory(to: Float.self)) { Double($0) }
    case .f64: measure(array.bytes.bindMemory(to: Double.self)) { $0 }
    case .i64: measure(array.bytes.bindMemory(to: Int64.self)) { Double($0) }
    default: preconditionFailure("\(name): nothing of a step is \(array.type.rawValue)")
    }
  }

  private mutating func measure<Number>(_ values: UnsafeBufferPointer<Number>, _ number: (Number) -> Double) {
    var (sum, squares) = (0.0, 0.0)
    (least, greatest) = (.infinity, -.infinity)
    for value in values {
      let value = number(value)
      guard value.isFinite else {
        notFinite += 1
        continue
      }
      least = min(least, value)
      greatest = max(greatest, value)
      sum += value
      squares += value * value
    }
    let count = values.count - notFinite
    if count == 0 { (least, greatest) = (0, 0) }
    mean = sum / Double(max(1, count))
    size = (squares / Double(max(1, count))).squareRoot()
  }
}

// MARK: As a line of JSON

extension DumpedTensor {
  var json: JSONObject {
    var line: JSONObject = ["part": .string(part)]
    if let shard { line.append("shard", JSONValue(shard)) }
    line.append("tensor", .string(name))
    line.append("shape", .array(shape.map { JSONValue($0) }))
    line.append("digest", .string(digest))
    line.append("not_finite", JSONValue(notFinite))
    line.append("min", JSONValue(least))
    line.append("max", JSONValue(greatest))
    line.append("mean", JSONValue(mean))
    line.append("rms", JSONValue(size))
    return line
  }

  /// nil where it is not a line of a dump.
  init?(_ line: JSONObject) {
    guard let part = line["part"]?.string, let name = line["tensor"]?.string, let shape = line["shape"]?.array,
      let digest = line["digest"]?.string, let notFinite = line["not_finite"]?.int, let least = line["min"]?.double,
      let greatest = line["max"]?.double, let mean = line["mean"]?.double, let size = line["rms"]?.double
    else { return nil }
    self.part = part
    shard = line["shard"]?.int
    self.name = name
    self.shape = shape.compactMap(\.int)
    self.digest = digest
    self.notFinite = notFinite
    self.least = least
    self.greatest = greatest
    self.mean = mean
    self.size = size
  }
}
