import Communication
import Tensors

enum Fault: Sendable {
  /// Rank r poses as rank P − 1 − r.
  case ranksReversed
  /// Ranks 1 and 2 pose as each other: a balanced tree, but another one.
  case partnersMixed
  /// One bit of one message received by rank 0 is another.
  case oneBitFlipped
}

/// A communicator that does something wrong, to see that the tests of the tree can fail.
final class BrokenCommunicator: Communicator {
  private let inner: InProcessCommunicator
  private let fault: Fault

  init(_ inner: InProcessCommunicator, fault: Fault) {
    self.inner = inner
    self.fault = fault
  }

  private func posed(_ rank: Int) -> Int {
    switch fault {
    case .ranksReversed: return worldSize - 1 - rank
    case .partnersMixed: return rank == 1 ? 2 : rank == 2 ? 1 : rank
    case .oneBitFlipped: return rank
    }
  }

  var rank: Int { posed(inner.rank) }
  var worldSize: Int { inner.worldSize }
  var localRank: Int { inner.localRank }
  var localSize: Int { inner.localSize }
  var activity: Activity { inner.activity }

  func exchange(
    _ outgoing: UnsafeRawBufferPointer, _ incoming: UnsafeMutableRawBufferPointer, _ label: ExchangeLabel, partner: Int
  ) throws(CommunicationError) -> UInt64 {
    let theirs = try inner.exchange(outgoing, incoming, label, partner: posed(partner))
    if fault == .oneBitFlipped && inner.rank == 0 && !incoming.isEmpty { incoming[0] ^= 1 }
    return theirs
  }

  func shareMemory(bytes: Int) throws(CommunicationError) -> SharedMemory { try inner.shareMemory(bytes: bytes) }

  func counterpart(of address: UnsafeMutableRawPointer, at partner: Int) -> UnsafeMutableRawPointer? {
    inner.counterpart(of: address, at: posed(partner))
  }

  func libraryAllReduce(_ values: UnsafeMutableBufferPointer<Real>) throws(CommunicationError) {
    try inner.libraryAllReduce(values)
  }
  func makeStatusChannel() -> any StatusChannel { inner.makeStatusChannel() }
  func finalize() { inner.finalize() }
  func abort(code: Int32) { inner.abort(code: code) }
}
