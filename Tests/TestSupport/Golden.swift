import Foundation
import Platform
import RunRecord
import Tensors

/// Golden values written by PyTorch, in Tests/Golden (its README says how).
public struct Golden: Sendable {
  private let file: SafetensorsFile
  /// What the script wrote beside the tensors.
  public let notes: JSONObject

  public init(_ name: String) throws {
    let folder = Self.folder
    file = try SafetensorsFile("\(folder)/\(name).safetensors")
    notes = try JSONParser.parse([UInt8](Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name).json")))).object!
  }

  public static var folder: String {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Golden").path
  }

  public var names: [String] { file.entries.map(\.name) }

  public func has(_ name: String) -> Bool { file[name] != nil }

  public func shape(_ name: String) throws -> [Int] { try entry(name).shape }

  /// The values of a tensor, whatever its type, as doubles.
  public func values(_ name: String) throws -> [Double] {
    let entry = try entry(name)
    let count = entry.shape.reduce(1, *)
    switch entry.type {
    case .f64: return try read(entry, count, as: Double.self)
    case .f32: return try read(entry, count, as: Float.self).map(Double.init)
    case .i64: return try read(entry, count, as: Int64.self).map(Double.init)
    case .u8: return try read(entry, count, as: UInt8.self).map(Double.init)
    default: throw GoldenError(what: "\(name) has type \(entry.type)")
    }
  }

  private func entry(_ name: String) throws -> SafetensorsFile.Entry {
    guard let entry = file[name] else { throw GoldenError(what: "no tensor \(name) in \(file.path)") }
    return entry
  }

  private func read<T: BitwiseCopyable>(
    _ entry: SafetensorsFile.Entry, _ count: Int, as: T.Type
  ) throws -> [T] {
    let memory = UnsafeMutableBufferPointer<T>.allocate(capacity: count)
    defer { memory.deallocate() }
    try file.read(entry, into: UnsafeMutableRawBufferPointer(memory))
    return Array(memory)
  }

  public struct GoldenError: Error, CustomStringConvertible {
    let what: String
    public var description: String { what }
  }
}
