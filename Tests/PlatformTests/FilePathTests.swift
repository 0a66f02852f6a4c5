import Platform
import Testing

struct FilePathTests {
  /// Two files for every file system but those that normalise names themselves.
  @Test func namesThatOnlyLookAlikeAreTwo() {
    let (one, two) = ("caf\u{E9}.jpg", "cafe\u{301}.jpg")
    #expect(one == two)
    #expect(FilePath(one) != FilePath(two))
    #expect(Set([one, two].map { FilePath($0) }).count == 2)
  }
}
