import Communication
import Synchronization

/// Whether sums over ranks are left out, to measure a step with its exchanges replaced by nothing.
///
/// Changed between steps only.
final class Mute: Sendable {
  private let flag = Atomic<Bool>(false)

  var isOn: Bool {
    get { flag.load(ordering: .acquiring) }
    set { flag.store(newValue, ordering: .releasing) }
  }
}

/// A reducer that leaves its vectors as they are while it is muted.
final class MutedReducer: Reducer {
  private let reducer: any Reducer
  private let mute: Mute

  init(_ reducer: any Reducer, _ mute: Mute) {
    self.reducer = reducer
    self.mute = mute
  }

  func reduce(_ values: UnsafeMutableBufferPointer<Float>, tag: Int, witness: UInt64) throws(CommunicationError) {
    if !mute.isOn { try reducer.reduce(values, tag: tag, witness: witness) }
  }

  func reduce(_ values: UnsafeMutableBufferPointer<Double>, tag: Int, witness: UInt64) throws(CommunicationError) {
    if !mute.isOn { try reducer.reduce(values, tag: tag, witness: witness) }
  }
}
