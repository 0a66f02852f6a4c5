import CMatio
import Foundation
import Platform

/// Reads a file of annotations in JSON, deflated (.gz) or not.
enum JSONAnnotations {
  /// Largest text accepted, in bytes: COCO's training annotations have a quarter of it.
  static let mostBytes = 1 << 30

  static func read<Content: Decodable>(_ file: String, as type: Content.Type) throws(DataError) -> Content {
    try decode(file.hasSuffix(".gz") ? inflate(file) : InputFile<DataError>(file).readAll(limit: mostBytes), file)
  }

  static func decode<Content: Decodable>(_ bytes: [UInt8], _ file: String) throws(DataError) -> Content {
    do {
      return try JSONDecoder().decode(Content.self, from: Data(bytes))
    } catch let error as DecodingError {
      throw DataError(file, described(error))
    } catch {
      throw DataError(file, "\(error)")
    }
  }

  /// zlib's own reader, which checks length and sum of what it inflates.
  private static func inflate(_ file: String) throws(DataError) -> [UInt8] {
    guard let stream = gzopen(file, "rbe") else {
      throw DataError(file, "cannot be opened: \(String(cString: strerror(errno)))")
    }
    defer { gzclose(stream) }
    var bytes: [UInt8] = []
    var portion = [UInt8](repeating: 0, count: 1 << 20)
    while true {
      let count = Int(gzread(stream, &portion, UInt32(portion.count)))
      guard count >= 0 else {
        var code: Int32 = 0
        throw DataError(file, "cannot be inflated: \(String(cString: gzerror(stream, &code)))")
      }
      if count == 0 { break }
      bytes += portion[..<count]
      guard bytes.count <= mostBytes else { throw DataError(file, "holds more than \(mostBytes) bytes") }
    }
    // A file that ends too early is no error to gzread.
    var code: Int32 = 0
    let reason = String(cString: gzerror(stream, &code))
    guard code == Z_OK || code == Z_STREAM_END else { throw DataError(file, "cannot be inflated: \(reason)") }
    return bytes
  }

  private static func described(_ error: DecodingError) -> String {
    switch error {
    case .keyNotFound(let key, let context): return "\(place(context.codingPath)) has no \(key.stringValue)"
    case .valueNotFound(_, let context): return "\(place(context.codingPath)) has no value"
    case .typeMismatch(_, let context): return "\(place(context.codingPath)) is of a wrong type"
    case .dataCorrupted(let context) where context.codingPath.isEmpty: return "is not JSON: \(context.debugDescription)"
    case .dataCorrupted(let context): return "\(place(context.codingPath)): \(context.debugDescription)"
    @unknown default: return "\(error)"
    }
  }

  /// Where in the file, such as `annotations[17].keypoints`.
  private static func place(_ path: [any CodingKey]) -> String {
    guard !path.isEmpty else { return "the whole" }
    return path.reduce(into: "") { text, key in
      text += key.intValue.map { "[\($0)]" } ?? (text.isEmpty ? "" : ".") + key.stringValue
    }
  }
}
