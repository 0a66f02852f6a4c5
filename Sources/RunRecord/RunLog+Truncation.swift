import Glibc

extension RunLog {
  /// Removes from the log at `path` what happened after `step`: lines whose `step` is greater, lines without a step that
  /// follow one of those, and lines that are not whole. The log is replaced in one step. Returns the lines removed.
  @discardableResult
  public static func truncate(_ path: String, after step: Int) throws(FileSystemError) -> Int {
    guard FileSystem.kind(of: path) != .absent else { return 0 }
    let temporary = "\(path).tmp-\(getpid())"
    do throws(FileSystemError) {
      try FileSystem.remove(temporary)
      let removed = try copy(path, upTo: step, to: temporary)
      if removed > 0 {
        try FileSystem.rename(temporary, to: path)
        try FileSystem.synchronize(directory: FileSystem.parent(of: path))
      } else {
        try FileSystem.remove(temporary)
      }
      return removed
    } catch {
      unlink(temporary)
      throw error
    }
  }

  private static func copy(_ path: String, upTo step: Int, to copy: String) throws(FileSystemError) -> Int {
    var scanner = LogScanner(lastStep: step)
    let output = try OutputFile(creating: copy)
    let input = try asFileSystemError { () throws(CheckpointError) in try InputFile(path) }
    let piece = 1 << 20
    for offset in stride(from: 0, to: input.count, by: piece) {
      let bytes = try asFileSystemError { () throws(CheckpointError) in
        try input.read(min(piece, input.count - offset), at: offset)
      }
      scanner.take(bytes)
      try output.write(scanner.takeKept())
    }
    _ = try output.finish()
    return scanner.removed
  }

  private static func asFileSystemError<T>(_ body: () throws(CheckpointError) -> T) throws(FileSystemError) -> T {
    do throws(CheckpointError) { return try body() } catch { throw FileSystemError(error.path, error.problem) }
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
