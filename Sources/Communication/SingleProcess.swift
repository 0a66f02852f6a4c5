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

  public init() {}

  public func exchange(
    _ outgoing: UnsafeRawBufferPointer, _ incoming: UnsafeMutableRawBufferPointer, witness: UInt64, partner: Int,
    tag: Int32
  ) throws(CommunicationError) -> UInt64 {
    preconditionFailure("a run of one rank has no partners")
  }

  public func broadcast(_ bytes: UnsafeMutableRawBufferPointer, root: Int) {
    precondition(root == 0)
  }

  public func allGather(_ bytes: [UInt8]) -> [[UInt8]] { [bytes] }

  public func libraryAllReduce(_ values: UnsafeMutableBufferPointer<Real>) {}

  public func barrier() {}

  public func finalize() {}

  public func abort(code: Int32) { exit(code) }
}
