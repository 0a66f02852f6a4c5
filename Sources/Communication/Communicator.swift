import Tensors

/// Messages between the ranks of one run.
///
/// Used by one thread at a time: before and after a step by the main thread, within a step by the reduction's own.
public protocol Communicator: AnyObject, Sendable {
  var rank: Int { get }
  var worldSize: Int { get }

  /// Sends to and receives from `partner` the same number of bytes; returns when both are complete.
  func exchange(
    _ outgoing: UnsafeRawBufferPointer, _ incoming: UnsafeMutableRawBufferPointer, partner: Int, tag: Int32
  ) throws(CommunicationError)

  /// Replaces `bytes` on every rank by `root`'s.
  func broadcast(_ bytes: UnsafeMutableRawBufferPointer, root: Int) throws(CommunicationError)

  /// Every rank's `bytes`, in rank order, on every rank.
  func allGather(_ bytes: [UInt8]) throws(CommunicationError) -> [[UInt8]]

  /// Replaces `values` by their sum over ranks, in an order of the library's choosing: not the same bits at every
  /// number of ranks.
  func libraryAllReduce(_ values: UnsafeMutableBufferPointer<Real>) throws(CommunicationError)

  func barrier() throws(CommunicationError)
}
