import Platform

/// Ends a run that stands still, and says which rank holds it up.
///
/// A thread of every rank tells others, once in a while, what its rank is doing and what it has heard of all the rest,
/// over a channel of its own, so that word spreads even where a rank is stopped, dead or cut off. When no rank has got
/// on for the given time, each ends by itself: nobody needs to be reached for it.
public final class Watchdog: Sendable {
  private let thread: SystemThread
  private let isStopping = Monitor(false)

  /// Starts to watch. Every rank calls it, with the same limit.
  ///
  /// - Parameters:
  ///   - limit: seconds without progress of any rank.
  ///   - progress: called when a rank has got on since the last look.
  ///   - warn: takes a line for people, on its own thread.
  ///   - end: ends the process after a standstill, on its own thread; given what is to be said, on one of the ranks that
  ///     can still speak.
  public init(
    _ communicator: any Communicator, limit: Double, progress: @escaping @Sendable () -> Void = {},
    warn: @escaping @Sendable (String) -> Void,
    end: @escaping @Sendable (StandstillError?) -> Void
  ) throws {
    let names = try communicator.allGather(Array(Host.name.utf8)).map { String(decoding: $0, as: UTF8.self) }
    let channel = try communicator.makeStatusChannel()
    let (activity, rank) = (communicator.activity, communicator.rank)
    thread = try SystemThread { [isStopping] in
      var watch = Watch(rank: rank, hosts: names, limit: limit, channel: channel, activity: activity)
      while isStopping.wait(atMost: watch.interval, { $0 ? true : nil }) == nil {
        let finding = watch.look(now: .now)
        if watch.hasProgressed { progress() }
        switch finding {
        case .nothing: break
        case .warning(let text): warn(text)
        case .standstill(let error):
          end(error)
          return
        }
      }
    }
  }

  /// Stops watching, before communication ends.
  public func stop() {
    isStopping.update { $0 = true }
    thread.join()
  }
}

/// The run stood still. Exit code 9.
public struct StandstillError: ExitCodeError, Sendable, Equatable, CustomStringConvertible {
  public let description: String
  public var exitCode: ExitCode { .rankLost }
}

/// What a watchdog does each time it looks.
package struct Watch {
  package enum Finding: Equatable {
    case nothing
    case warning(String)
    /// The text where this rank is the one to say it.
    case standstill(StandstillError?)
  }

  /// How much longer than the limit a rank waits that does not speak.
  private static let grace = Duration.seconds(2)

  private let limit: Duration
  private let channel: any StatusChannel
  private let activity: Activity
  private let worldSize: Int
  private var table: StatusTable
  package var interval: Duration { table.interval }
  private var beat: UInt64 = 0
  private var lastLook: ContinuousClock.Instant?
  private var hasWarned = false
  /// Whether a rank had just got on at the last look.
  private(set) var hasProgressed = false
  private var slowLooks = 0
  private var slowRank: Int?

  package init(
    rank: Int, hosts: [String], limit: Double, channel: any StatusChannel, activity: Activity,
    now: ContinuousClock.Instant = .now
  ) {
    self.limit = .seconds(limit)
    self.channel = channel
    self.activity = activity
    worldSize = hosts.count
    table = StatusTable(rank: rank, hosts: hosts, limit: self.limit, now: now)
  }

  package mutating func look(now: ContinuousClock.Instant) -> Finding {
    // A process that was stopped, with the whole run or alone, has missed what happened meanwhile.
    if let lastLook, now - lastLook > interval + table.silence { table.forgive(now: now) }
    lastLook = now
    beat += 1
    table.note(own: RankStatus(rank: table.rank, beat: beat, activity.state), now: now)
    while let message = channel.next() { table.note(message: message, now: now) }
    if worldSize > 1 {
      let distance = 1 << (Int(beat / 2) % table.rounds)
      let partner = table.rank + (beat % 2 == 0 ? distance : worldSize - distance)
      channel.post(table.messages(now: now), to: partner % worldSize)
    }

    let standstill = table.standstill(now: now)
    hasProgressed = standstill < table.interval * 2
    if standstill >= limit && table.isSpeaker(now: now) {
      return .standstill(StandstillError(description: said(standstill, now)))
    }
    // The others give it a moment to find the same and to end them.
    if standstill >= limit + Self.grace { return .standstill(nil) }
    if standstill < max(limit / 4, table.silence + interval) {
      hasWarned = false
    } else if !hasWarned {
      hasWarned = true
      if table.isSpeaker(now: now) { return .warning(said(standstill, now)) }
    }
    return slowness()
  }

  private func said(_ standstill: Duration, _ now: ContinuousClock.Instant) -> String {
    let place = table.step == 0 ? "the run" : "step \(table.step)"
    return "\(place) has stood still for \(Int(standstill / .seconds(1))) s: \(table.explanation(now: now))"
  }

  /// Rank 0 names a rank that has been slower than the others for a while; once, until it is another.
  private mutating func slowness() -> Finding {
    guard table.rank == 0 else { return .nothing }
    guard let (rank, description) = table.straggler() else {
      slowLooks = 0
      return .nothing
    }
    slowLooks += 1
    guard slowLooks >= 20, rank != slowRank else { return .nothing }
    slowRank = rank
    return .warning(description)
  }
}
