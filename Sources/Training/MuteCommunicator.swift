import Communication
import Tensors

/// Ranks that do not talk: sums over ranks are of whatever lies in memory, and cost nothing. To measure a step with its
/// exchanges replaced by nothing.
final class MuteCommunicator: Communicator {
  private let ranks: any Communicator

  init(_ ranks: any Communicator) { self.ranks = ranks }

  var rank: Int { ranks.rank }
  var worldSize: Int { ranks.worldSize }
  var localRank: Int { ranks.localRank }
  var localSize: Int { ranks.localSize }
  var activity: Activity { ranks.activity }

  func exchange(
    _ outgoing: UnsafeRawBufferPointer, _ incoming: UnsafeMutableRawBufferPointer, _ label: ExchangeLabel, partner: Int
  ) -> UInt64 { label.witness }

  func libraryAllReduce(_ values: UnsafeMutableBufferPointer<Real>) {}

  func makeStatusChannel() throws(CommunicationError) -> any StatusChannel { try ranks.makeStatusChannel() }

  func finalize() { ranks.finalize() }

  func abort(code: Int32) { ranks.abort(code: code) }
}
