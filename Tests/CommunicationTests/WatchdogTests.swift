import Communication
import Platform
import Testing

/// Watchdogs of ranks that are threads of nobody: time and what each rank does are the test's.
private struct Ranks {
  let limit: Double
  let communicators: [InProcessCommunicator]
  var watches: [Watch] = []
  var now = ContinuousClock.now
  let start: ContinuousClock.Instant

  init(_ count: Int, limit: Double = 32) {
    self.limit = limit
    start = now
    communicators = InProcessCommunicator.world(size: count)
    for communicator in communicators {
      watches.append(
        Watch(
          rank: communicator.rank, hosts: (0..<count).map { "node\($0)" }, limit: limit,
          channel: communicator.makeStatusChannel(), activity: communicator.activity, now: now))
      communicator.activity.begin(step: 7)
    }
  }

  var seconds: Double { (now - start) / .seconds(1) }

  /// Looks as often as watchdogs do, as every rank but those that are `stopped`, until `count` seconds have passed or a watch that
  /// ends the run; returns each finding that is one, with its rank.
  mutating func watch(
    seconds count: Int, stopped: Set<Int> = [], each: ([InProcessCommunicator]) -> Void = { _ in }
  ) -> [(rank: Int, finding: Watch.Finding)] {
    var findings: [(rank: Int, finding: Watch.Finding)] = []
    let end = now + .seconds(count)
    while now < end {
      now += watches[0].interval
      each(communicators)
      for rank in watches.indices where !stopped.contains(rank) {
        let finding = watches[rank].look(now: now)
        if finding != .nothing { findings.append((rank, finding)) }
      }
      if findings.contains(where: { $0.finding.isStandstill }) { break }
    }
    return findings
  }

  /// What rank 0 said last.
  static func last(_ findings: [(rank: Int, finding: Watch.Finding)], of rank: Int = 0) -> String {
    text(findings.last { $0.rank == rank }?.finding)
  }

  func exchange(_ rank: Int, _ operation: ShortName, with partner: Int) {
    communicators[rank].activity.beginExchange(ExchangeLabel(operation, tag: 2), with: partner)
  }
}

extension Watch.Finding {
  fileprivate var isStandstill: Bool {
    if case .standstill = self { true } else { false }
  }
}

private func text(_ finding: Watch.Finding?) -> String {
  switch finding {
  case .warning(let text): text
  case .standstill(let error): error?.description ?? ""
  default: ""
  }
}

@Suite struct WatchdogTests {
  @Test func nothingIsSaidWhileAnyRankGetsOn() throws {
    var ranks = Ranks(4)
    // Three wait for one that evaluates, for longer than the limit.
    for (rank, partner) in [(0, 1), (1, 0), (2, 3)] { ranks.exchange(rank, "gather", with: partner) }
    #expect(ranks.watch(seconds: 100) { $0[3].activity.enter("evaluating") }.isEmpty)
  }

  @Test(arguments: [1, 2, 4, 8, 64], [0, 1, 5])
  func aRankThatDoesNotAnswerIsNamed(count: Int, victim: Int) throws {
    guard victim < count, count > 1 else { return }
    var ranks = Ranks(count)
    for rank in 0..<count where rank != victim { ranks.exchange(rank, "generator", with: rank ^ 1) }
    let findings = ranks.watch(seconds: 100, stopped: [victim])
    #expect(ranks.seconds >= ranks.limit && ranks.seconds <= ranks.limit + 2)
    // One rank speaks, first to warn, then at the end.
    let speaker = victim == 0 ? 1 : 0
    #expect(findings.map(\.rank) == [speaker, speaker])
    for (_, finding) in findings {
      #expect(text(finding).contains("rank \(victim) on node\(victim) does not answer"))
      #expect(text(finding).hasPrefix("step 7 has stood still for ") && text(finding).count { $0 == ";" } == 1)
    }
    // The others end by themselves where it does not come to it.
    var ended: Set = [victim, speaker]
    while ranks.seconds < ranks.limit + 30 {
      ended.formUnion(ranks.watch(seconds: 1, stopped: ended).filter { $0.finding.isStandstill }.map(\.rank))
    }
    #expect(ended.count == count)
  }

  /// A machine is lost with half of the ranks: the healthy half still hear one another.
  @Test(arguments: [4, 8, 16, 64], [false, true])
  func aLostHalfIsNamedAndNobodyElse(count: Int, isUpper: Bool) throws {
    var ranks = Ranks(count)
    let lost = isUpper ? count / 2..<count : 0..<count / 2
    for rank in 0..<count where !lost.contains(rank) { ranks.exchange(rank, "generator", with: rank ^ (count / 2)) }
    let findings = ranks.watch(seconds: 100, stopped: Set(lost))
    let speaker = isUpper ? 0 : count / 2
    #expect(findings.map(\.rank) == [speaker, speaker])
    for rank in lost.prefix(4) {
      #expect(Ranks.last(findings, of: speaker).contains("rank \(rank) on node\(rank) does"))
    }
    #expect(count <= 8 || Ranks.last(findings, of: speaker).hasSuffix("and \(count / 2 - 4) more"))
    for rank in 0..<count where !lost.contains(rank) {
      #expect(!Ranks.last(findings, of: speaker).contains("rank \(rank) on node"))
    }
  }

  @Test func aRankThatKeepsOthersWaitingIsNamedWithWhatItDoes() throws {
    var ranks = Ranks(4)
    for (rank, partner) in [(0, 1), (1, 0), (3, 2)] { ranks.exchange(rank, "sums", with: partner) }
    ranks.communicators[2].activity.enter("loading data")
    let findings = ranks.watch(seconds: 100)
    #expect(
      text(findings[0].finding)
        == "step 7 has stood still for 8 s: rank 2 on node2 has been loading data in step 7 for 9.33 s")
    #expect(
      Ranks.last(findings)
        == "step 7 has stood still for 32 s: rank 2 on node2 has been loading data in step 7 for 32 s")
  }

  @Test func ranksInDifferentExchangesAreTold() throws {
    var ranks = Ranks(4)
    for (rank, operation) in ["generator", "sums", "generator", "generator"].enumerated() {
      ranks.exchange(rank, operation == "sums" ? "sums" : "generator", with: rank ^ 1)
    }
    let findings = ranks.watch(seconds: 100)
    #expect(
      Ranks.last(findings).hasSuffix(
        ": ranks 0, 2, 3 in generator 2 of step 7; rank 1 in sums 2 of step 7"))
  }

  @Test func messagesThatDoNotArriveAreTold() throws {
    var ranks = Ranks(2)
    for rank in 0..<2 { ranks.exchange(rank, "generator", with: 1 - rank) }
    let findings = ranks.watch(seconds: 100)
    #expect(
      Ranks.last(findings).hasSuffix(
        ": every rank is in generator 2 of step 7, and no message arrives; has the network been cut?"))
  }

  @Test func oneRankAloneIsWatchedToo() throws {
    var ranks = Ranks(1)
    ranks.communicators[0].activity.enter("saving")
    let findings = ranks.watch(seconds: 100)
    #expect(findings.count == 2 && findings[1].finding.isStandstill)
    #expect(Ranks.last(findings).hasSuffix("rank 0 on node0 has been saving in step 7 for 32 s"))
  }

  /// As when a queueing system suspends the job, or a lid is closed.
  @Test func timeInWhichThisProcessWasStoppedDoesNotCount() throws {
    var ranks = Ranks(2)
    #expect(ranks.watch(seconds: 5).isEmpty)
    ranks.now += .seconds(1000)
    #expect(ranks.watch(seconds: 5).isEmpty)
    #expect(!ranks.watch(seconds: 100).isEmpty)
  }

  @Test func aRankSlowerThanTheOthersIsNamedOnce() throws {
    var ranks = Ranks(4)
    let findings = ranks.watch(seconds: 100) { communicators in
      for communicator in communicators {
        communicator.activity.finishStep(busySeconds: communicator.rank == 3 ? 0.8 : 0.5)
      }
    }
    #expect(findings.count == 1 && findings[0].rank == 0)
    #expect(
      text(findings[0].finding)
        == "rank 3 on node3 takes 0.80 s a step by itself, the others 0.50 s: all go at its pace")
    var even = Ranks(4)
    #expect(
      even.watch(seconds: 100) { communicators in
        for communicator in communicators {
          communicator.activity.finishStep(busySeconds: communicator.rank == 3 ? 0.7 : 0.5)
        }
      }.isEmpty)
  }

  /// Every message has room for a few ranks only, and yet the one that stopped is found, and no other is.
  @Test func theRankIsFoundAmongHundreds() throws {
    var ranks = Ranks(256, limit: 100)
    #expect(ranks.watch(seconds: 50) { for communicator in $0 { communicator.activity.enter("computing") } }.isEmpty)
    for rank in ranks.watches.indices { ranks.exchange(rank, "generator", with: rank ^ 1) }
    let findings = ranks.watch(seconds: 200, stopped: [177])
    #expect(Set(findings.map(\.rank)) == [0])
    // To the second, however many ranks the news passed through.
    #expect(Ranks.last(findings).contains("rank 177 on node177 does not answer; last heard of 101 s ago"))
    #expect(Ranks.last(findings).count { $0 == ";" } == 1)
  }

  @Test func theThreadEndsARunThatStandsStill() throws {
    let said = Monitor<[String]>([])
    let communicator = SingleProcess()
    communicator.activity.enter("loading data")
    let watchdog = try Watchdog(communicator, limit: 0.05) { _ in
    } end: { error in
      said.update { $0.append(error?.description ?? "") }
    }
    let text = said.wait { $0.first }
    watchdog.stop()
    #expect(text.contains("has been loading data, before the first step for"))
  }
}
