import COpenBLAS
import Configuration
import Kernels
import Platform
import Synchronization
import Tensors

#if canImport(Glibc)
  import Glibc
#endif

/// OpenBLAS, to measure against: the rate of its products is what a step could reach (docs/design/products.md).
///
/// It chooses its kernels while it is loaded, by the CPU or by OPENBLAS_CORETYPE. Where the environment names an older
/// core than the CPU is, products run at half speed, and a CPU younger than the library gets the kernels of 2004 (0.3.21
/// takes an Emerald Rapids for a Prescott: a seventh of its speed). So the choice is ours (`compute.blas_core`), by the
/// instructions that the CPU has, made before it is loaded.
public final class BLASLibrary: Sendable {
  /// Which of its kernels to take.
  public enum Core: Sendable, Equatable {
    /// Those for the instructions that this CPU has, whatever the environment says.
    case automatic
    /// As the environment says.
    case environment
    /// A name OpenBLAS knows, such as `Haswell`.
    case named(String)
  }

  #if EQUIPOISE_DOUBLE
    private typealias Product = cob_dgemm
    private static let symbol = "cblas_dgemm"
  #else
    private typealias Product = cob_sgemm
    private static let symbol = "cblas_sgemm"
  #endif

  private static let wanted = Mutex<(core: Core, isLoaded: Bool)>((.automatic, false))
  private static let outcome: Result<BLASLibrary, BLASError> = Result { () throws(BLASError) in try BLASLibrary() }

  private let product: Product
  /// The CPU family whose kernels are in use, such as `SkylakeX`.
  public let coreName: String
  /// What OPENBLAS_CORETYPE said and was overridden; nil where nothing was.
  public let overridden: String?

  /// Loads the library with these kernels.
  ///
  /// - Throws: `BLASError` where there is no OpenBLAS, or it does not have the named kernels.
  public static func load(_ core: Core) throws(BLASError) -> BLASLibrary {
    let wasLoaded = wanted.withLock { wanted in
      defer { wanted = (core, true) }
      return wanted.isLoaded && wanted.core != core
    }
    precondition(!wasLoaded, "OpenBLAS is loaded once")
    let library = try outcome.get()
    if case .named(let name) = core, library.coreName.lowercased() != name.lowercased() {
      throw BLASError(problem: "OpenBLAS has no kernels for \(name) on this CPU; it chose \(library.coreName)")
    }
    return library
  }

  /// Loads it as `compute.blas_core` says: `auto`, `environment` or a name.
  ///
  /// - Throws: `ConfigurationError` if there is none, or none of that name.
  public static func load(blasCore: String) throws(ConfigurationError) -> BLASLibrary {
    do throws(BLASError) {
      switch blasCore {
      case "auto": return try load(.automatic)
      case "environment": return try load(.environment)
      default: return try load(.named(blasCore))
      }
    } catch {
      throw ConfigurationError("compute.blas_core", error.problem)
    }
  }

  /// The core whose kernels use what `KernelLevel.best` does; nil where OpenBLAS may choose by itself.
  private static var best: String? {
    switch KernelLevel.best.name {
    case "v4": "SkylakeX"
    case "v3": "Haswell"
    default: nil
    }
  }

  private static let soname = "libopenblas.so.0"

  private static func missing() -> BLASError {
    BLASError(problem: "OpenBLAS cannot be loaded: \(String(cString: dlerror())); install libopenblas0-pthread")
  }

  private init() throws(BLASError) {
    let core = Self.wanted.withLock { wanted in
      wanted.isLoaded = true
      return wanted.core
    }
    let environment = getenv("OPENBLAS_CORETYPE").map { String(cString: $0) }
    switch core {
    case .automatic:
      let best = Self.best
      if let best { setenv("OPENBLAS_CORETYPE", best, 1) } else { unsetenv("OPENBLAS_CORETYPE") }
      overridden = environment == best ? nil : environment
    case .environment: overridden = nil
    case .named(let name):
      setenv("OPENBLAS_CORETYPE", name, 1)
      overridden = environment == name ? nil : environment
    }
    // Threads are ours: each calls the library for itself.
    setenv("OPENBLAS_NUM_THREADS", "1", 1)
    guard let handle = dlopen(Self.soname, RTLD_NOW | RTLD_LOCAL) else { throw Self.missing() }
    guard let product = dlsym(handle, Self.symbol), let name = dlsym(handle, "openblas_get_corename") else {
      throw BLASError(problem: "\(Self.soname) is not an OpenBLAS with \(Self.symbol)")
    }
    self.product = unsafeBitCast(product, to: Product.self)
    coreName = String(cString: unsafeBitCast(name, to: cob_get_corename.self)()!)
  }

  /// c = a·b over row-major m×k and k×n, on the calling thread.
  public func multiply(
    _ a: UnsafePointer<Real>, _ b: UnsafePointer<Real>, into c: UnsafeMutablePointer<Real>, m: Int, n: Int, k: Int
  ) {
    product(
      COB_ROW_MAJOR, COB_NO_TRANSPOSE, COB_NO_TRANSPOSE, Int32(m), Int32(n), Int32(k), 1, a, Int32(k), b, Int32(n), 0,
      c, Int32(n))
  }
}

/// There is no OpenBLAS, or not the one that was asked for. Exit code 3.
public struct BLASError: ExitCodeError, Sendable, Equatable, CustomStringConvertible {
  public let problem: String
  public var exitCode: ExitCode { .configuration }
  public var description: String { problem }
}
