#if canImport(Glibc)
  import Glibc
#endif

/// Memory of its own: zeroed, aligned to pages, every page already present, huge pages where the kernel grants them.
///
/// Freed when the owner goes; pointers taken from it must not outlive it.
public struct Buffer<Element: BitwiseCopyable>: ~Copyable, @unchecked Sendable {
  public let pointer: UnsafeMutablePointer<Element>
  public let count: Int
  private let mappedBytes: Int

  /// Reserves `count` zeroed elements. Running out of memory ends the process, with a message and exit code 1.
  public init(count: Int) {
    precondition(count >= 0)
    let hugePage = 1 << 21
    let bytes = max(1, count * MemoryLayout<Element>.stride)
    let unit = bytes >= hugePage ? hugePage : 4096
    // Room to place the start on a huge-page boundary; what is left over at the ends is unmapped again.
    let rounded = (bytes + unit - 1) / unit * unit
    let slack = unit == hugePage ? hugePage : 0
    let mapping = mmap(nil, rounded + slack, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let mapping, mapping != MAP_FAILED else { endOutOfMemory(bytes) }
    var start = mapping
    if slack > 0 {
      let address = UInt(bitPattern: mapping)
      let aligned = (address + UInt(hugePage) - 1) & ~(UInt(hugePage) - 1)
      let before = Int(aligned - address)
      if before > 0 { munmap(mapping, before) }
      start = mapping + before
      if slack - before > 0 { munmap(start + rounded, slack - before) }
      madvise(start, rounded, 14)  // MADV_HUGEPAGE
    }
    memset(start, 0, rounded)
    pointer = start.bindMemory(to: Element.self, capacity: count)
    self.count = count
    mappedBytes = rounded
  }

  deinit { munmap(UnsafeMutableRawPointer(pointer), mappedBytes) }

  public var values: UnsafeMutableBufferPointer<Element> {
    UnsafeMutableBufferPointer(start: pointer, count: count)
  }
}
