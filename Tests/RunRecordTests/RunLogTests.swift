import Foundation
import Platform
import RunRecord
import Testing

struct RunLogTests {
  private let folder = Temporary()

  private func truncated(_ text: String, after step: Int) throws -> (removed: Int, text: String) {
    try folder.write("log", Array(text.utf8))
    let removed = try RunLog.truncate(folder.file("log"), after: step)
    return (removed, try folder.text("log"))
  }

  @Test func linesAreAppendedInTheirOrder() throws {
    let log = try RunLog(folder.file("log"))
    try log.append(["step": 1, "loss_mse": 0.1, "kt": .number(1e-5), "x": JSONValue(Float(0.1))])
    try log.append(["step": 2])
    try log.synchronize()
    #expect(
      try folder.text("log")
        == "{\"step\":1,\"loss_mse\":0.1,\"kt\":1e-05,\"x\":0.10000000149011612}\n{\"step\":2}\n")
  }

  @Test func laterLinesAreCut() throws {
    let result = try truncated(
      """
      {"event":"start"}
      {"step":1}
      {"step":2,"metric":"pck"}
      {"event":"between"}
      {"step":3}
      {"event":"after"}

      """, after: 2)
    #expect(
      result.text == "{\"event\":\"start\"}\n{\"step\":1}\n{\"step\":2,\"metric\":\"pck\"}\n{\"event\":\"between\"}\n")
    #expect(result.removed == 2)
  }

  @Test func linesThatAreNotWholeAreCut() throws {
    #expect(
      try truncated("{\"step\":1}\n{\"st\u{0}\n{\"step\":2}\n{\"step\":2,\"lo", after: 9).text
        == "{\"step\":1}\n{\"step\":2}\n")
    let long = String(repeating: "x", count: 3 << 20)
    #expect(try truncated("{\"step\":1}\n\(long)\n{\"step\":2}\n", after: 9).text == "{\"step\":1}\n{\"step\":2}\n")
  }

  @Test func aLogWithoutLaterLinesStaysAsItIs() throws {
    #expect(try truncated("{\"step\":1}\n", after: 1) == (0, "{\"step\":1}\n"))
    #expect(try RunLog.truncate(folder.file("absent"), after: 1) == 0)
    #expect(try folder.names("") == ["log"])
  }

  @Test func aFullDiskIsAnErrorThatNamesTheLog() throws {
    try FileManager.default.createSymbolicLink(atPath: folder.file("log"), withDestinationPath: "/dev/full")
    let log = try RunLog(folder.file("log"))
    let error = #expect(throws: FileSystemError.self) { try log.append(["step": 1]) }
    #expect(error?.path == folder.file("log") && error?.problem.contains("No space left") == true)
  }
}
