import Communication
import Tensors

/// One vector to be summed over ranks: what the computing thread hands to the communication thread.
///
/// Unchecked, and the one place where memory changes hands: from `CommunicationThread.submit` until the reduction is
/// finished `values` and `reducer` are the communication thread's, before and after they are the submitter's. The
/// thread's monitor orders both hand-overs. `owner` keeps the memory alive in between.
struct PendingReduction: @unchecked Sendable {
  enum Values {
    case gradients(UnsafeMutableBufferPointer<Real>)
    case statistics(UnsafeMutableBufferPointer<Double>)
  }

  let values: Values
  /// Which of its reducer's vectors this is.
  let tag: Int
  let witness: UInt64
  let reducer: any Reducer
  let owner: AnyObject

  func perform() throws(CommunicationError) {
    switch values {
    case .gradients(let values): try reducer.reduce(values, tag: tag, witness: witness)
    case .statistics(let values): try reducer.reduce(values, tag: tag, witness: witness)
    }
  }
}
