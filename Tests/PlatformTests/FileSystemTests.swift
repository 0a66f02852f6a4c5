import Foundation
import Glibc
import Platform
import Testing

struct FileSystemTests {
  @Test func writingReplacesWhole() throws {
    let folder = try Folder()
    try FileSystem.write("one", to: folder("deep/down/file"))
    try FileSystem.write("two", to: folder("deep/down/file"), isDurable: false)
    #expect(folder.text("deep/down/file") == "two")
    // No temporary file stays behind.
    #expect(try FileSystem.names(in: folder("deep/down")) == ["file"])
  }

  @Test func devicesAndPipesAreWrittenThrough() throws {
    let folder = try Folder()
    try folder.link("full", to: "/dev/full")
    do throws(FileSystemError) {
      try FileSystem.write("text", to: folder("full"))
      Issue.record("/dev/full has room")
    } catch {
      #expect(error.description == "\(folder("full")): cannot be written: No space left on device")
    }
    #expect(folder.names == ["full"])
    try FileSystem.write("text", to: "/dev/null")
  }

  @Test func aFailedReplacementLeavesTheOldFile() throws {
    let folder = try Folder()
    try folder.write("old", "file")
    #expect(throws: FileSystemError(folder("file"), "is a test")) {
      try FileSystem.replace(folder("file")) { temporary throws(FileSystemError) in
        try OutputFile(creating: temporary).write(Array("half".utf8))
        throw FileSystemError(temporary, "is a test")
      }
    }
    #expect(folder.text("file") == "old")
    #expect(folder.names == ["file"])
  }

  @Test func aFileInPlaceOfAFolderIsNamed() throws {
    let folder = try Folder()
    try folder.write("a", "file")
    for path in ["file", "file/sub"] {
      do throws(FileSystemError) {
        try FileSystem.createDirectory(folder(path))
        Issue.record("\(path) is a folder")
      } catch {
        #expect(error.exitCode == .fileSystem)
        #expect(error.path.hasPrefix(folder("file")))
      }
    }
  }

  /// What the kernel makes up has no size, and a pipe has none either.
  @Test func filesWithoutASizeAreReadToTheirEnd() throws {
    #expect(try !InputFile<FileSystemError>("/proc/self/status").readAll(limit: 1 << 20).isEmpty)
    var ends: [Int32] = [0, 0]
    #expect(pipe(&ends) == 0)
    let text = Array(String(repeating: "x", count: 30_000).utf8)
    #expect(Glibc.write(ends[1], text, text.count) == text.count)
    close(ends[1])
    let read = try InputFile<FileSystemError>("/dev/fd/\(ends[0])", .anything).readAll(limit: 1 << 20)
    #expect(read == text)
    close(ends[0])
  }

  @Test(arguments: [0, 1, 4095, 4096, 4097, 100_000])
  func limits(count: Int) throws {
    let folder = try Folder()
    try folder.write(String(repeating: "x", count: count), "file")
    let file = folder("file")
    #expect(try InputFile<FileSystemError>(file).readAll(limit: count).count == count)
    if count > 0 {
      #expect(throws: FileSystemError(file, "has \(count) bytes, more than the \(count - 1) allowed")) {
        _ = try InputFile<FileSystemError>(file).readAll(limit: count - 1)
      }
    }
  }

  @Test func readingThrowsItsReadersError() throws {
    struct Mine: FileFailure, Equatable {
      let text: String
      init(_ path: String, _ problem: String) { text = "\(path): \(problem)" }
    }
    #expect(throws: Mine("/absent", "cannot be opened: No such file or directory")) {
      _ = try InputFile<Mine>("/absent")
    }
  }
}
