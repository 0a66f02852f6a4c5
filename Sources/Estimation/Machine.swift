import Communication
import Configuration
import Kernels
import Platform
import Tensors

#if canImport(Glibc)
  import Glibc
#endif

/// What a rank computes with.
public final class Machine {
  public let pool: ThreadPool
  public let level: KernelLevel
  public let convolution: ConvolutionAlgorithm
  /// Whether what is written to standard error goes to a terminal.
  public let isTerminal: Bool

  /// Chooses kernels and threads as `compute` says.
  ///
  /// - Throws: `ConfigurationError` where this CPU has not what is asked for.
  public init(_ compute: Configuration.Compute, localSize: Int) throws(ConfigurationError) {
    guard let level = compute.kernels.level else {
      throw ConfigurationError("compute.kernels", "this CPU cannot run \(compute.kernels.rawValue)")
    }
    self.level = level
    pool = ThreadPool(threads: compute.threads > 0 ? compute.threads : max(1, Host.usableCores / localSize))
    convolution = compute.convolution
    // A launcher that stands between says what it stands before.
    isTerminal = getenv("EQUIPOISE_TERMINAL").map { String(cString: $0) == "1" } ?? (isatty(STDERR_FILENO) == 1)
  }

  public func makeContext() -> KernelContext { KernelContext(pool: pool, level: level, convolution: convolution) }

  /// Refuses ranks that would compute different bits, unless the kernels are `forced`.
  public func compare(_ communicator: any Communicator, forced: Bool) throws {
    if forced { return }
    let own = level.isFused ? "with FMA" : "without FMA"
    let others = try communicator.allGather(Array(own.utf8)).map { String(decoding: $0, as: UTF8.self) }
    try Together.everywhere(communicator) {
      guard let rank = others.firstIndex(where: { $0 != own }) else { return }
      throw ConfigurationError(
        "compute.kernels",
        "rank \(communicator.rank) has a CPU \(own), rank \(rank) one \(others[rank]): name kernels that both can run")
    }
  }
}
