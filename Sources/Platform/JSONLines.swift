/// Files with one JSON object a line.
public enum JSONLines {
  private static let largest = 1 << 30

  /// Replaces the file at `path`, whose folder is made where it is missing.
  public static func write(_ lines: [JSONObject], to path: String) throws(FileSystemError) {
    try FileSystem.write(lines.map { $0.text + "\n" }.joined(), to: path)
  }

  /// The objects of a file of at most a gibibyte.
  public static func read(_ path: String) throws(FileSystemError) -> [JSONObject] {
    let bytes = try InputFile<FileSystemError>(path).readAll(limit: largest)
    var objects: [JSONObject] = []
    for (index, line) in bytes.split(separator: UInt8(ascii: "\n")).enumerated() {
      do throws(JSONError) {
        guard let object = try JSONParser.parse(Array(line)).object else {
          throw JSONError(offset: 0, problem: "no object")
        }
        objects.append(object)
      } catch {
        throw FileSystemError(path, "line \(index + 1): \(error)")
      }
    }
    return objects
  }
}
