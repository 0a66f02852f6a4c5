/// Sums vectors over ranks, in place: every rank gives as many numbers and gets the same sums.
///
/// Used by one thread at a time; every rank makes the same calls in the same order.
public protocol Reducer: AnyObject {
  /// Replaces `values` by their sum over ranks.
  ///
  /// - Parameters:
  ///   - tag: which of several vectors this one is.
  ///   - witness: the bits of k_t; ranks that hold different ones are found out, if the way of summing can carry them.
  func reduce(_ values: UnsafeMutableBufferPointer<Float>, tag: Int, witness: UInt64) throws(CommunicationError)
  func reduce(_ values: UnsafeMutableBufferPointer<Double>, tag: Int, witness: UInt64) throws(CommunicationError)
}
