import COpenBLAS

/// The OpenBLAS that is loaded. It chooses its kernels when it is loaded, by the CPU or by OPENBLAS_CORETYPE.
public enum BLASLibrary {
  /// The CPU family whose kernels are in use, such as `SkylakeX`.
  public static var coreName: String { String(cString: openblas_get_corename()) }

  /// Threads are ours: each calls the library for itself.
  public static func useOneThread() { openblas_set_num_threads(1) }
}
