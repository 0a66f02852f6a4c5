import Communication
import Tensors

/// Ranks that do not talk while `isMute`: sums over ranks are then left out. To measure a step with its exchanges replaced
/// by nothing.
///
/// Unchecked: `isMute` is changed between steps only, when nobody is inside a call (see `Communicator`).
final class MuteCommunicator: Communicator, @unchecked Sendable {
  private let ranks: any Communicator
  var isMute = true

  init(_ ranks: any Communicator) { self.ranks = ranks }

  var rank: Int { ranks.rank }
  var worldSize: Int { ranks.worldSize }
  var localRank: Int { ranks.localRank }
  var localSize: Int { ranks.localSize }
  var activity: Activity { ranks.activity }

  func exchange(
    _ outgoing: UnsafeRawBufferPointer, _ incoming: UnsafeMutableRawBufferPointer, _ label: ExchangeLabel, partner: Int
  ) throws(CommunicationError) -> UInt64 {
    isMute ? label.witness : try ranks.exchange(outgoing, incoming, label, partner: partner)
  }

  func shareMemory(bytes: Int) throws(CommunicationError) -> SharedMemory { try ranks.shareMemory(bytes: bytes) }

  func counterpart(of address: UnsafeMutableRawPointer, at partner: Int) -> UnsafeMutableRawPointer? {
    ranks.counterpart(of: address, at: partner)
  }

  func libraryAllReduce(_ values: UnsafeMutableBufferPointer<Real>) throws(CommunicationError) {
    if !isMute { try ranks.libraryAllReduce(values) }
  }

  func makeStatusChannel() throws(CommunicationError) -> any StatusChannel { try ranks.makeStatusChannel() }

  func finalize() { ranks.finalize() }

  func abort(code: Int32) { ranks.abort(code: code) }
}
