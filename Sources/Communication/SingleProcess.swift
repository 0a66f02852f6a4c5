import Tensors

#if canImport(Glibc)
  import Glibc
#endif

/// A run of one rank, without MPI.
public final class SingleProcess: Communicator {
  public let rank = 0
  public let worldSize = 1
  public let localRank = 0
  public let localSize = 1

  public let activity = Activity()

  public init() {}

  public func exchange(
    _ outgoing: UnsafeRawBufferPointer, _ incoming: UnsafeMutableRawBufferPointer, _ label: ExchangeLabel, partner: Int
  ) throws(CommunicationError) -> UInt64 {
    preconditionFailure("a run of one rank has no partners")
  }

  public func shareMemory(bytes: Int) -> SharedMemory { SharedMemory(count: bytes) }

  public func counterpart(of address: UnsafeMutableRawPointer, at partner: Int) -> UnsafeMutableRawPointer? { nil }

  public func libraryAllReduce(_ values: UnsafeMutableBufferPointer<Real>) {}

  public func makeStatusChannel() -> any StatusChannel { NoStatusChannel() }

  public func finalize() {}

  public func abort(code: Int32) { _exit(code) }
}
