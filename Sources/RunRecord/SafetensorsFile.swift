import Platform

/// A safetensors file opened for reading, its header checked whole before any tensor can be asked for.
///
/// The file may have been damaged, or made to do harm: a header longer than the file or than 4 MiB, JSON that is not
/// strict, an unknown dtype, a shape whose product overflows or does not fit its range, ranges that overlap, leave
/// holes or do not end with the file are each a `CheckpointError` that names file and tensor. Nothing in it is ever
/// executed: a pickle is recognised and refused.
public final class SafetensorsFile: Sendable {
  public struct Entry: Sendable, Equatable {
    public let name: String
    public let type: ElementType
    public let shape: [Int]
    /// Where its bytes lie in the file.
    public let range: Range<Int>
  }

  public var path: String { file.path }
  /// The tensors, in the order of their names' UTF-8 bytes.
  public let entries: [Entry]
  public let metadata: [String: String]

  private let file: InputFile<CheckpointError>
  private let indices: [String: Int]
  private static let longestHeader = 4 << 20
  private static let mostDimensions = 16

  public init(_ path: String) throws(CheckpointError) {
    file = try InputFile(path)
    let start = try file.read(min(8, file.count), at: 0)
    guard !Self.isPickle(start) else {
      throw CheckpointError(path, "is a Python pickle or an archive of one, which can run code: it is not opened")
    }
    guard start.count == 8 else { throw CheckpointError(path, "is too short to be safetensors: \(file.count) bytes") }
    let headerLength = start.enumerated().reduce(UInt64(0)) { $0 | UInt64($1.element) << (8 * UInt64($1.offset)) }
    guard headerLength <= UInt64(file.count - 8), headerLength <= UInt64(Self.longestHeader) else {
      throw CheckpointError(path, "claims a header of \(headerLength) bytes; the file has \(file.count)")
    }
    let dataStart = 8 + Int(headerLength)
    let header = try JSONObject(file.read(Int(headerLength), at: 8), of: path, part: "the header")
    var metadata: [String: String] = [:]
    var entries: [Entry] = []
    for member in header.entries {
      if member.key == "__metadata__" {
        metadata = try Self.metadata(member.value, path)
      } else {
        entries.append(try Self.entry(member.key, member.value, dataStart: dataStart, fileSize: file.count, path))
      }
    }
    try Self.requireFullCover(entries, dataStart..<file.count, path)
    self.metadata = metadata
    self.entries = entries.sorted { Safetensors.precedes($0.name, $1.name) }
    indices = Dictionary(uniqueKeysWithValues: self.entries.enumerated().map { ($1.name, $0) })
  }

  public subscript(name: String) -> Entry? { indices[name].map { entries[$0] } }

  /// Fills `bytes` with one tensor; their count must be its own.
  public func read(_ entry: Entry, into bytes: UnsafeMutableRawBufferPointer) throws(CheckpointError) {
    precondition(bytes.count == entry.range.count, "\(entry.name): \(bytes.count) bytes for \(entry.range.count)")
    try file.read(into: bytes, at: entry.range.lowerBound)
  }

  /// Fills every destination: the file must hold these tensors, of these types and shapes, and no others.
  public func read(into destinations: [NamedDestination]) throws(CheckpointError) {
    let wanted = Set(destinations.map(\.name))
    if let stranger = entries.first(where: { !wanted.contains($0.name) }) {
      throw CheckpointError(path, tensor: stranger.name, "belongs to no part of this model")
    }
    for destination in destinations {
      guard let entry = self[destination.name] else {
        throw CheckpointError(path, tensor: destination.name, "is missing")
      }
      guard entry.type == destination.type, entry.shape == destination.shape else {
        throw CheckpointError(
          path, tensor: entry.name,
          "is \(entry.type.rawValue) \(entry.shape), not \(destination.type.rawValue) \(destination.shape)")
      }
    }
    for destination in destinations {
      if let entry = self[destination.name] { try read(entry, into: destination.bytes) }
    }
  }

  /// Hands a tensor's bytes to `body` a piece at a time.
  func forEachPiece(of entry: Entry, _ body: (UnsafeRawBufferPointer) -> Void) throws(CheckpointError) {
    try file.forEachPiece(of: entry.range, body)
  }
}

extension SafetensorsFile {
  /// Pickles of protocol 2 and later begin with byte 0x80; torch.save wraps one in a zip archive.
  private static func isPickle(_ start: [UInt8]) -> Bool {
    guard start.count >= 4 else { return start.first == 0x80 }
    return start[0] == 0x80 && (2...5).contains(start[1]) && start.count == 8 && start[7] != 0
      || Array(start[0..<4]) == [0x50, 0x4B, 0x03, 0x04]
  }

  private static func metadata(_ value: JSONValue, _ path: String) throws(CheckpointError) -> [String: String] {
    guard let object = value.object else { throw CheckpointError(path, "__metadata__ is not an object") }
    var metadata: [String: String] = [:]
    for entry in object.entries {
      guard let text = entry.value.string else {
        throw CheckpointError(path, "__metadata__ holds something other than strings")
      }
      metadata[entry.key] = text
    }
    return metadata
  }

  private static func entry(
    _ name: String, _ value: JSONValue, dataStart: Int, fileSize: Int, _ path: String
  ) throws(CheckpointError) -> Entry {
    func refusal(_ problem: String) -> CheckpointError { CheckpointError(path, tensor: name, problem) }
    guard let members = value.object, Set(members.entries.map(\.key)) == ["dtype", "shape", "data_offsets"] else {
      throw refusal("its header does not consist of dtype, shape and data_offsets")
    }
    guard let type = members["dtype"]?.string.flatMap(ElementType.init) else { throw refusal("has an unknown dtype") }
    let extents = members["shape"]?.array?.map(\.int) ?? [nil]
    let offsets = members["data_offsets"]?.array?.map(\.int) ?? []
    guard extents.count <= mostDimensions, extents.allSatisfy({ $0 != nil && $0! >= 0 }) else {
      throw refusal("its shape is not a list of at most \(mostDimensions) counts")
    }
    let shape = extents.compactMap { $0 }
    var bytes = type.size
    for extent in shape {
      let (product, overflow) = bytes.multipliedReportingOverflow(by: extent)
      guard !overflow else { throw refusal("its shape \(shape) overflows") }
      bytes = product
    }
    guard offsets.count == 2, let begin = offsets[0], let end = offsets[1], 0 <= begin, begin <= end,
      end <= fileSize - dataStart
    else { throw refusal("its data_offsets do not lie within the file") }
    guard end - begin == bytes else { throw refusal("\(end - begin) bytes do not hold \(type.rawValue) \(shape)") }
    return Entry(name: name, type: type, shape: shape, range: dataStart + begin..<dataStart + end)
  }

  /// The ranges, put in order, must follow one another from the header's end to the file's.
  private static func requireFullCover(
    _ entries: [Entry], _ data: Range<Int>, _ path: String
  ) throws(CheckpointError) {
    var position = data.lowerBound
    let inOrder = entries.sorted {
      ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound)
    }
    for entry in inOrder {
      guard entry.range.lowerBound == position else {
        let fault = entry.range.lowerBound < position ? "overlaps the tensor before it" : "leaves a hole before it"
        throw CheckpointError(path, tensor: entry.name, fault)
      }
      position = entry.range.upperBound
    }
    guard position == data.upperBound else {
      throw CheckpointError(path, "\(data.upperBound - position) bytes at its end belong to no tensor")
    }
  }
}
