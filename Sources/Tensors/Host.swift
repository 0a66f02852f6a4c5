#if canImport(Glibc)
  import Glibc
#endif

/// The machine this process runs on.
public enum Host {
  /// Its name, as the kernel says it.
  public static let name: String = {
    var bytes = [CChar](repeating: 0, count: 256)
    guard gethostname(&bytes, bytes.count - 1) == 0 else { return "unknown" }
    return String(decoding: bytes.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }()
}
