import Glibc
import Platform

extension RunLog {
  /// Removes from the log at `path` what happened after `step`: lines whose `step` is greater, lines without a step that
  /// follow one of those, and lines that are not whole. The log is replaced in one step. Returns the lines removed.
  @discardableResult
  public static func truncate(_ path: String, after step: Int) throws(FileSystemError) -> Int {
    guard FileSystem.kind(of: path) != .absent else { return 0 }
    let removed = try scan(path, upTo: step) { _ in }
    guard removed > 0 else { return 0 }
    try FileSystem.replace(path) { temporary throws(FileSystemError) in
      let copy = try OutputFile(creating: temporary)
      _ = try scan(path, upTo: step) { kept throws(FileSystemError) in try copy.write(kept) }
      try copy.finish()
    }
    return removed
  }

  /// Hands the lines up to `step` to `take`; returns the number of the others.
  private static func scan(
    _ path: String, upTo step: Int, _ take: ([UInt8]) throws(FileSystemError) -> Void
  ) throws(FileSystemError) -> Int {
    var scanner = LogScanner(lastStep: step)
    let input = try InputFile<FileSystemError>(path)
    let piece = 1 << 20
    for offset in stride(from: 0, to: input.count, by: piece) {
      scanner.take(try input.read(min(piece, input.count - offset), at: offset))
      try take(scanner.takeKept())
    }
    return scanner.removed
  }
}

/// Cuts a log into lines and decides which stay.
private struct LogScanner {
  private let lastStep: Int
  private var line: [UInt8] = []
  private var kept: [UInt8] = []
  private var isLater = false
  private var complete = 0
  /// A longer line is none of ours.
  private static let longestLine = 1 << 20

  init(lastStep: Int) { self.lastStep = lastStep }

  /// The number of lines that do not stay, an unfinished last one included.
  var removed: Int { complete + (line.isEmpty ? 0 : 1) }

  mutating func take(_ piece: [UInt8]) {
    for byte in piece {
      if byte == UInt8(ascii: "\n") {
        if stays() {
          kept += line
          kept.append(byte)
        } else {
          complete += 1
        }
        line.removeAll(keepingCapacity: true)
      } else if line.count <= Self.longestLine {
        line.append(byte)
      }
    }
  }

  /// The lines that stay, of those taken since the last call.
  mutating func takeKept() -> [UInt8] {
    defer { kept.removeAll(keepingCapacity: true) }
    return kept
  }

  private mutating func stays() -> Bool {
    guard line.count <= Self.longestLine, let object = try? JSONParser.parse(line).object else { return false }
    guard let step = object["step"]?.int else { return !isLater }
    isLater = step > lastStep
    return !isLater
  }
}
