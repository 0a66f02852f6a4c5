import Glibc
import Platform
import Testing

struct DescriptorTests {
  private func problem(
    _ path: String, _ access: Descriptor.Access = .reading, _ rules: Descriptor.Rules = Descriptor.Rules()
  ) -> String? {
    do throws(FileSystemError) {
      _ = try Descriptor(path, access, rules, orThrow: FileSystemError.self)
      return nil
    } catch {
      return error.problem
    }
  }

  @Test func regularFilesOnly() throws {
    let folder = try Folder()
    try folder.write("a", "file")
    #expect(mkfifo(folder("pipe"), 0o600) == 0)
    #expect(problem(folder("file")) == nil)
    #expect(problem(folder("pipe")) == "is not a regular file")
    #expect(problem(folder.path) == "is not a regular file")
    #expect(problem(folder("absent")) == "cannot be opened: No such file or directory")
    #expect(problem("/dev/null", .reading, .anything) == nil)
  }

  @Test func linksAreFollowedOnlyWhereAllowed() throws {
    let folder = try Folder()
    try folder.write("a", "file")
    try folder.link("link", to: "file")
    try folder.link("dangling", to: "elsewhere")
    let strict = Descriptor.Rules(followsLinks: false)
    #expect(problem(folder("link")) == nil)
    #expect(problem(folder("link"), .reading, strict) == "is, or is reached by, a symbolic link")
    #expect(problem(folder("link"), .appending, strict) == "is, or is reached by, a symbolic link")
    // A dangling link must not make its target.
    #expect(problem(folder("dangling"), .appending, strict) != nil)
    #expect(folder.names == ["dangling", "file", "link"])
  }

  @Test func nothingLeavesTheDirectory() throws {
    let folder = try Folder()
    try folder.write("secret", "outside")
    try folder.write("a", "run/log")
    try folder.write("b", "run/sub/log")
    try folder.link("run/door", to: "..")
    let inside = Descriptor.Rules(followsLinks: false, inside: folder("run"))
    #expect(problem("log", .reading, inside) == nil)
    #expect(problem("sub/log", .reading, inside) == nil)
    #expect(problem("../outside", .reading, inside) == "does not lie inside \(folder("run"))")
    #expect(problem(folder("outside"), .reading, inside) == "does not lie inside \(folder("run"))")
    #expect(problem("door/outside", .reading, inside) == "is, or is reached by, a symbolic link")
    #expect(problem("", .reading, inside) != nil)
  }

  @Test(.enabled(if: geteuid() == 0, "only root can give a file away"))
  func otherUsersFiles() throws {
    let folder = try Folder()
    try folder.write("a", "theirs")
    #expect(chown(folder("theirs"), 65534, 65534) == 0)
    #expect(problem(folder("theirs")) == nil)
    #expect(problem(folder("theirs"), .reading, .init(isOwn: true)) == "belongs to another user")
  }

  @Test func creatingNeverReplaces() throws {
    let folder = try Folder()
    try folder.write("a", "file")
    #expect(problem(folder("file"), .creating) == "cannot be created: File exists")
    #expect(problem(folder("new"), .creating) == nil)
  }
}
