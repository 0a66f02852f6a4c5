/// The bandwidth of transfers from and to one rank, estimated from those so far; until then that of a copy in memory.
///
/// Vectors of about the same length are remembered by themselves: what a link's buffers swallow at once is much of a short
/// one and little of a long one.
package struct BandwidthEstimate {
  /// Nanoseconds a byte by the length's highest bit; 0 where none has been seen.
  private var ofLength: InlineArray<64, Double> = InlineArray(repeating: 0)
  /// The same whatever the length, of those from which it can be told: a shorter vector may be there before this rank waits.
  private var usual = 0.0

  private static let tellingBytes = 128 << 10
  private static let ofMemory = 0.33

  package init() {}

  private static func place(_ bytes: Int) -> Int { Int.bitWidth - 1 - max(1, bytes).leadingZeroBitCount }

  package func nanosecondsPerByte(of bytes: Int) -> Double {
    let seen = ofLength[Self.place(bytes)]
    return seen > 0 ? seen : usual > 0 ? usual : Self.ofMemory
  }

  /// One transfer says little: a busy core may have held it up, and of a partner that was ahead all bytes may have been
  /// there already. Estimates therefore move by steps from the first on, and faster up than down.
  package mutating func update(nanoseconds: UInt64, of bytes: Int) {
    guard bytes > 0 else { return }
    let seen = Double(nanoseconds) / Double(bytes)
    func moved(_ estimate: Double) -> Double {
      estimate == 0 ? seen : min(max(seen, estimate / 1.05), 1.2 * estimate)
    }
    ofLength[Self.place(bytes)] = moved(ofLength[Self.place(bytes)])
    if bytes >= Self.tellingBytes { usual = moved(usual) }
  }
}
