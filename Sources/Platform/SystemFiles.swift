/// What the kernel says of this machine in files, under a root that tests can choose.
public struct SystemFiles: Sendable {
  private let root: String

  public init(root: String = "") { self.root = root }

  /// A file's words; none where it is not there.
  public func words(_ path: String) -> [String] {
    let bytes = try? InputFile<FileSystemError>(root + path).readAll(limit: 1 << 20)
    return String(decoding: bytes ?? [], as: UTF8.self).split(whereSeparator: \.isWhitespace).map(String.init)
  }

  /// The word after `key` in a file, such as `MemAvailable:` in /proc/meminfo.
  public func word(after key: String, in path: String) -> String? {
    let words = words(path)
    guard let place = words.firstIndex(of: key), place + 1 < words.count else { return nil }
    return words[place + 1]
  }

  /// The word between brackets, as in `always [madvise] never`.
  public func choice(_ path: String) -> String? {
    words(path).first { $0.hasPrefix("[") && $0.hasSuffix("]") }.map { String($0.dropFirst().dropLast()) }
  }

  /// Cores that a container is given, as a share of the processor's time; nil where it may use all.
  public var coreQuota: Double? {
    var quota = words("/sys/fs/cgroup/cpu.max")
    if quota.isEmpty {
      // The first version of control groups; -1 is no limit.
      quota = ["quota", "period"].flatMap { words("/sys/fs/cgroup/cpu/cpu.cfs_\($0)_us") }
    }
    guard quota.count == 2, let time = Double(quota[0]), let period = Double(quota[1]), time > 0, period > 0 else {
      return nil
    }
    return time / period
  }

  /// The cores this process may run on, as the kernel lists them: `0-3,8`.
  public var coreList: String? { word(after: "Cpus_allowed_list:", in: "/proc/self/status") }
}

extension SystemFiles {
  /// The numbers in a list such as `0-3,8`; empty where it is none.
  public static func cores(in list: String) -> Set<Int> {
    var cores: Set<Int> = []
    for part in list.split(separator: ",") {
      let ends = part.split(separator: "-").map { Int($0) }
      guard let first = ends.first ?? nil, let last = ends.last ?? nil, ends.count <= 2, first <= last, last < 1 << 16
      else { return [] }
      cores.formUnion(first...last)
    }
    return cores
  }
}
