import Tensors
import TestSupport

/// One case of layers.safetensors. It remembers what has been looked at, so that a test can see that it left out nothing.
final class GoldenCase {
  /// ‖a − b‖ / ‖b‖ that a test allows.
  static let tolerance = MemoryLayout<Real>.size == 8 ? 1e-11 : 1e-5

  private let name: String
  private let golden: Golden
  private(set) var unread: Set<String>

  init(_ name: String) throws {
    self.name = name
    golden = try Golden("layers")
    unread = Set(golden.names.filter { $0.hasPrefix(name + ".") }.map { String($0.dropFirst(name.count + 1)) })
  }

  /// All cases of the file.
  static func all() throws -> [String] { try Golden("layers").notes["cases"]!.array!.map { $0.string! } }

  func has(_ what: String) -> Bool { golden.has("\(name).\(what)") }

  func values(_ what: String) throws -> [Double] {
    unread.remove(what)
    return try golden.values("\(name).\(what)")
  }

  func scalar(_ what: String) throws -> Double { try values(what)[0] }

  /// N×H×W×C, or a vector's 1×1×1×C.
  func shape(_ what: String) throws -> Shape {
    let extents = try golden.shape("\(name).\(what)")
    return extents.count == 4
      ? Shape(n: extents[0], h: extents[1], w: extents[2], c: extents[3]) : .channels(extents.reduce(1, *))
  }

  func tensor(_ what: String) throws -> OwnedTensor { OwnedTensor(try shape(what), try values(what)) }

  /// How far values are from those of the file, as a part of their norm.
  func distance(_ what: String, _ values: [Double]) throws -> Double { relativeDistance(values, try self.values(what)) }

  /// What the engine has no operation for, because no step of training asks for it.
  func leaveOut(_ what: String) { unread.remove(what) }
}
