import Platform

/// Short messages between watchdogs, past everything else that ranks send: no call ever waits.
///
/// Used by one thread.
public protocol StatusChannel: AnyObject, Sendable {
  /// Sends messages, or drops them where earlier ones to this partner are still under way.
  func post(_ messages: [[UInt64]], to partner: Int)

  /// A message that has arrived; nil where there is none.
  func next() -> [UInt64]?
}

/// The channel of a run of one rank.
final class NoStatusChannel: StatusChannel {
  func post(_ messages: [[UInt64]], to partner: Int) {}
  func next() -> [UInt64]? { nil }
}

/// The channel of ranks that are threads.
final class InProcessStatusChannel: StatusChannel {
  struct World: Sendable {
    /// By receiver, oldest first.
    var mailboxes: [[[UInt64]]]
    init(size: Int) { mailboxes = Array(repeating: [], count: size) }
  }

  private let rank: Int
  private let world: Monitor<World>

  init(rank: Int, world: Monitor<World>) {
    self.rank = rank
    self.world = world
  }

  func post(_ messages: [[UInt64]], to partner: Int) {
    world.update { $0.mailboxes[partner].append(contentsOf: messages) }
  }

  func next() -> [UInt64]? {
    world.update { $0.mailboxes[rank].isEmpty ? nil : $0.mailboxes[rank].removeFirst() }
  }
}
