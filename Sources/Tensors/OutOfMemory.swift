#if canImport(Glibc)
  import Glibc
#endif

/// Ends the process where the system gives no memory: with exit code 1, as a kill by the kernel a fault that a
/// supervisor tries again after.
///
/// Nothing can be saved then, and no rank can go on alone.
func endOutOfMemory(_ bytes: Int) -> Never {
  let text = "equipoise: out of memory: the system refuses \((bytes + (1 << 20) - 1) >> 20) MiB more\n"
  _ = Array(text.utf8).withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
  _exit(1)
}
