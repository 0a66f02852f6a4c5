import Tensors

/// Messages between the ranks of one run.
///
/// Used by one thread at a time: before and after a step by the main thread, within a step by the reduction's own.
/// Every rank makes the same calls in the same order. After a call has thrown, nothing but `abort` may follow.
public protocol Communicator: AnyObject, Sendable {
  var rank: Int { get }
  var worldSize: Int { get }

  /// This rank's number among those on the same machine, and how many they are: they share its cores.
  var localRank: Int { get }
  var localSize: Int { get }

  /// Sends `outgoing` to `partner` and fills `incoming` with what it sends; returns when both are complete.
  ///
  /// The partner's call mirrors this one: it sends as many bytes as are awaited here, and awaits as many as are sent.
  /// - Parameter witness: a number that travels beside the bytes, without a message more to wait for.
  /// - Returns: the partner's witness.
  func exchange(
    _ outgoing: UnsafeRawBufferPointer, _ incoming: UnsafeMutableRawBufferPointer, witness: UInt64, partner: Int,
    tag: Int32
  ) throws(CommunicationError) -> UInt64

  /// Replaces `bytes` on every rank by `root`'s.
  func broadcast(_ bytes: UnsafeMutableRawBufferPointer, root: Int) throws(CommunicationError)

  /// Every rank's `bytes`, in rank order, on every rank. Lengths may differ.
  func allGather(_ bytes: [UInt8]) throws(CommunicationError) -> [[UInt8]]

  /// Replaces `values` by their sum over ranks, in an order of the library's choosing: not the same bits at every
  /// number of ranks.
  func libraryAllReduce(_ values: UnsafeMutableBufferPointer<Real>) throws(CommunicationError)

  /// Returns once every rank has called it.
  func barrier() throws(CommunicationError)

  /// Ends communication in good order, once, when every rank is done.
  func finalize()

  /// Ends every rank with exit code `code`, without waiting for any. Returns only where ranks are not processes.
  func abort(code: Int32)
}
