import Platform

#if canImport(Glibc)
  import Glibc
#endif

/// How quickly a disk takes what has to be there for good.
public enum DiskSpeed {
  /// Writes 32 MiB to a file in `directory`, which is removed again, and waits until the disk has them.
  ///
  /// - Returns: MiB a second.
  public static func measure(in directory: String) throws(FileSystemError) -> Double {
    let path = "\(directory)/.equipoise-doctor-\(getpid())"
    let file = try OutputFile(creating: path)
    defer { unlink(path) }
    let portion = [UInt8](repeating: 0xA5, count: 1 << 20)
    let clock = ContinuousClock()
    let start = clock.now
    for _ in 0..<32 { try file.write(portion) }
    _ = try file.finish()
    return 32 / max(1e-6, (clock.now - start) / .seconds(1))
  }
}
