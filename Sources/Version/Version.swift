/// Which program this is. Only the command line imports it, as each commit builds it anew.
public enum Version {
  public static let number = "0.2.0"

  /// Such as `0.2.0 (commit 0123456789ab, release, fp32)`.
  public static let text = "\(number) (commit \(commit), \(configuration), \(precision))"

  #if DEBUG
    private static let configuration = "debug"
  #else
    private static let configuration = "release"
  #endif

  #if EQUIPOISE_DOUBLE
    private static let precision = "fp64"
  #else
    private static let precision = "fp32"
  #endif
}
