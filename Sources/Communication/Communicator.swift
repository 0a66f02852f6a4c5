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

  /// What this rank is doing. Its step is part of every exchange.
  var activity: Activity { get }

  /// Sends `outgoing` to `partner` and fills `incoming` with what it sends; returns when both are complete.
  ///
  /// The partner's call mirrors this one: it sends as many bytes as are awaited here, and awaits as many as are sent. A
  /// header goes ahead of the bytes, without a wait of its own; where the partner's is of another operation, tag, step
  /// or number of bytes, both throw `.exchangeDiffers`.
  /// - Returns: the partner's witness.
  func exchange(
    _ outgoing: UnsafeRawBufferPointer, _ incoming: UnsafeMutableRawBufferPointer, _ label: ExchangeLabel, partner: Int
  ) throws(CommunicationError) -> UInt64

  /// Memory for as many bytes, zeroed, at a page's start, which ranks of the same machine see too where there is room for
  /// that. Every rank calls it, with as many bytes.
  func shareMemory(bytes: Int) throws(CommunicationError) -> SharedMemory

  /// Where this rank sees the place of the partner's shared memory that `address` is of its own; nil: nowhere. Both see
  /// each other's or none does. A rank that reads or writes it exchanges with its owner before and after, no bytes.
  func counterpart(of address: UnsafeMutableRawPointer, at partner: Int) -> UnsafeMutableRawPointer?

  /// Replaces `values` by their sum over ranks, in an order of the library's choosing: not the same bits at every
  /// number of ranks.
  func libraryAllReduce(_ values: UnsafeMutableBufferPointer<Real>) throws(CommunicationError)

  /// A way for watchdogs to talk past the messages above. Every rank calls it, once.
  func makeStatusChannel() throws(CommunicationError) -> any StatusChannel

  /// Ends communication in good order, once, when every rank is done.
  func finalize()

  /// Ends every rank that can be reached with exit code `code`, and this one in any case. Returns only where ranks are
  /// not processes.
  func abort(code: Int32)
}
