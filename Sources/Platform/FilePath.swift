/// A file's path as the file system sees it: by its bytes.
///
/// Swift's strings are equal if they look alike, so that `é` written as one character and as two would be one file.
public struct FilePath: Hashable, Sendable {
  private let bytes: [UInt8]

  public init(_ path: String) { bytes = Array(path.utf8) }
}
