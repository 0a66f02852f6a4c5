import Tensors

/// Memory of this rank, zeroed, that other ranks of the same machine may see (`Communicator.counterpart`).
///
/// A rank that reads or writes another's memory exchanges with its owner before and after.
///
/// Unchecked: whose memory it is at which time is for those who share it to agree on.
public final class SharedMemory: @unchecked Sendable {
  public let bytes: UnsafeMutableRawBufferPointer
  /// Where the same place of each rank's is seen from here; nil: nowhere.
  private let parts: [UnsafeMutableRawPointer?]
  /// Nil where somebody else owns it.
  private let own: Buffer<UInt8>?

  /// Memory that nobody else sees.
  init(count: Int) {
    let buffer = Buffer<UInt8>(count: count)
    bytes = UnsafeMutableRawBufferPointer(buffer.values)
    own = consume buffer
    parts = []
  }

  /// - Parameter parts: by rank; they outlive this.
  init(_ bytes: UnsafeMutableRawBufferPointer, parts: [UnsafeMutableRawPointer?]) {
    self.bytes = bytes
    self.parts = parts
    own = nil
  }

  func counterpart(of address: UnsafeMutableRawPointer, at rank: Int) -> UnsafeMutableRawPointer? {
    guard parts.indices.contains(rank), let part = parts[rank], let start = bytes.baseAddress, address >= start,
      address < start + bytes.count
    else {
      return nil
    }
    return part + (address - start)
  }
}
