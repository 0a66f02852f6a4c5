import Glibc

/// The machine this process runs on.
public enum Host {
  /// Its name, as the kernel says it.
  public static let name: String = {
    var bytes = [CChar](repeating: 0, count: 256)
    guard gethostname(&bytes, bytes.count - 1) == 0 else { return "unknown" }
    return String(decoding: bytes.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }()

  /// Cores of the machine that are switched on.
  public static var onlineCores: Int { max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }

  /// Cores that this process may run on, by its affinity mask.
  public static var cores: Int {
    let list = SystemFiles().coreList.map { SystemFiles.cores(in: $0) } ?? []
    return list.isEmpty ? onlineCores : list.count
  }

  /// Cores that it can keep busy: no more than its control group grants time for.
  public static var usableCores: Int {
    guard let quota = SystemFiles().coreQuota else { return cores }
    return max(1, min(cores, Int(quota)))
  }
}
