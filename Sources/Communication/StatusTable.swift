/// What is known of every rank, and what follows from it when a run stands still.
///
/// Instants are those of this rank's own clock: clocks of different machines are never compared. Messages say how long
/// ago something was, and who hands them on adds how long it has kept them.
struct StatusTable {
  typealias Instant = ContinuousClock.Instant

  private struct Row {
    var status: RankStatus
    /// When it last spoke, and when it last got on.
    var heard, changed: Instant
  }

  let rank: Int
  /// Between two looks, and two messages of a rank.
  let interval: Duration
  /// Distances at which a rank tells others: ⌈log₂ P⌉.
  let rounds: Int
  private let hosts: [String]
  /// A rank not heard of for so long does not answer.
  let silence: Duration
  private var rows: [Row]

  /// Rows in one message: less than 4 KiB, which every transport takes without asking the receiver first.
  static let messageRows = 40

  /// - Parameters:
  ///   - hosts: the machine of every rank.
  ///   - limit: how long a standstill may last; sets how often ranks speak.
  init(rank: Int, hosts: [String], limit: Duration, now: Instant) {
    self.rank = rank
    self.hosts = hosts
    // Told at distances 1, −1, 2, −2, 4 … in turn, news of a rank reach all within two rounds of these, also where half
    // of the ranks are gone.
    rounds = Int.bitWidth - (hosts.count - 1).leadingZeroBitCount
    let patience = 4 + 4 * rounds
    interval = min(.seconds(1), limit / (4 * patience))
    silence = interval * patience
    rows = hosts.indices.map { Row(status: RankStatus(rank: $0), heard: now, changed: now) }
  }

  /// Takes in what this rank itself does.
  mutating func note(own status: RankStatus, now: Instant) {
    if status.changes != rows[rank].status.changes { rows[rank].changed = now }
    rows[rank].heard = now
    rows[rank].status = status
  }

  /// Takes a status in, unless it is older than what is known.
  private mutating func note(_ status: RankStatus, now: Instant) {
    guard rows.indices.contains(status.rank), status.beat > rows[status.rank].status.beat else { return }
    rows[status.rank].heard = now - .milliseconds(status.age)
    rows[status.rank].changed = now - .milliseconds(status.idle)
    rows[status.rank].status = status
  }

  /// Begins to count anew, after this process was itself stopped for a while.
  mutating func forgive(now: Instant) {
    for index in rows.indices {
      rows[index].heard = now
      rows[index].changed = now
    }
  }

  /// What to tell others of all ranks, in messages small enough to be sent without asking first.
  func messages(now: Instant) -> [[UInt64]] {
    stride(from: 0, to: rows.count, by: Self.messageRows).map { start in
      rows[start..<min(start + Self.messageRows, rows.count)].flatMap { row in
        var status = row.status
        status.age = Self.milliseconds(now - row.heard)
        status.idle = Self.milliseconds(now - row.changed)
        return status.words
      }
    }
  }

  mutating func note(message: [UInt64], now: Instant) {
    guard message.count % RankStatus.wordCount == 0 else { return }
    for start in stride(from: 0, to: message.count, by: RankStatus.wordCount) {
      let status = RankStatus(words: message[start..<start + RankStatus.wordCount])
      // Nobody knows better than this rank what it does.
      if status.rank != rank { note(status, now: now) }
    }
  }

  private static func milliseconds(_ duration: Duration) -> UInt32 {
    UInt32(clamping: Int64(duration / .milliseconds(1)))
  }

  /// How long no rank has got on, as far as this one knows.
  func standstill(now: Instant) -> Duration { now - rows.map(\.changed).max()! }

  private func isSilent(_ index: Int, _ now: Instant) -> Bool { index != rank && now - rows[index].heard >= silence }

  /// Whether this rank is the one that speaks for those that can still speak.
  func isSpeaker(now: Instant) -> Bool { rows.indices.first { !isSilent($0, now) } == rank }

  /// Which ranks hold up the others, as well as can be told from here.
  func explanation(now: Instant) -> String {
    let all = Array(rows.indices)
    let silent = all.filter { isSilent($0, now) }
    if !silent.isEmpty {
      return list(silent) { index in
        "\(named(index)) does not answer; last heard of \(seconds(now - rows[index].heard)) ago, \(rows[index].status.place)"
      }
    }
    let elsewhere = all.filter { !rows[$0].status.isExchanging }
    if !elsewhere.isEmpty {
      return list(elsewhere) { "\(named($0)) has been \(rows[$0].status.place) for \(seconds(now - rows[$0].changed))" }
    }
    let meetings = Dictionary(grouping: all) { rows[$0].status.meeting }.sorted { $0.value[0] < $1.value[0] }
    if meetings.count > 1 {
      return meetings.prefix(4).map { meeting, ranks in
        "\(ranks.count == 1 ? "rank" : "ranks") \(listed(ranks)) in \(meeting)"
      }.joined(separator: "; ")
    }
    return "every rank is in \(meetings[0].key), and no message arrives; has the network been cut?"
  }

  /// The step this rank is in.
  var step: UInt64 { rows[rank].status.step }

  /// The rank that keeps the others waiting step for step, if one does: its own part of a step takes half as long again
  /// as the middle one of the others'.
  func straggler() -> (rank: Int, description: String)? {
    guard rows.count > 1, rows.allSatisfy({ $0.status.stepsDone >= 20 }) else { return nil }
    let order = rows.indices.sorted { rows[$0].status.busySeconds < rows[$1].status.busySeconds }
    let slowest = order.last!
    let others = order.dropLast()
    let (own, usual) = (rows[slowest].status.busySeconds, rows[others[others.count / 2]].status.busySeconds)
    guard own > 1.5 * usual else { return nil }
    return (
      slowest,
      "\(named(slowest)) takes \(seconds(.seconds(Double(own)))) a step by itself, the others "
        + "\(seconds(.seconds(Double(usual)))): all go at its pace"
    )
  }

  private func named(_ index: Int) -> String { "rank \(index) on \(hosts[index])" }

  private func list(_ ranks: [Int], _ describe: (Int) -> String) -> String {
    let shown = ranks.prefix(4).map(describe).joined(separator: "; ")
    return ranks.count > 4 ? "\(shown); and \(ranks.count - 4) more" : shown
  }

  private func listed(_ ranks: [Int]) -> String {
    let shown = ranks.prefix(8).map(String.init).joined(separator: ", ")
    return ranks.count > 8 ? "\(shown) and \(ranks.count - 8) more" : shown
  }

  private func seconds(_ duration: Duration) -> String {
    let hundredths = Int((duration / .milliseconds(10)).rounded())
    guard hundredths < 1000 else { return "\(hundredths / 100) s" }
    return "\(hundredths / 100).\(hundredths % 100 / 10)\(hundredths % 10) s"
  }
}
