/// What one rank last said of itself: a row of every watchdog's table.
struct RankStatus: Sendable, Equatable {
  static let wordCount = 11

  var rank: Int
  /// Counts up as the rank's watchdog speaks: one that stands still is stopped, dead or cut off.
  var beat: UInt64 = 0
  var step: UInt64 = 0
  var changes: UInt64 = 0
  var stepsDone: UInt64 = 0
  var phase: ShortName = .none
  /// The operation of the exchange under way; none where there is none.
  var operation: ShortName = .none
  var tag = 0
  var partner = 0
  var busySeconds: Float = 0
  /// Milliseconds since its watchdog spoke and since it got on, when the message was written.
  var age: UInt32 = 0
  var idle: UInt32 = 0

  init(rank: Int) { self.rank = rank }

  init(rank: Int, beat: UInt64, _ state: Activity.State) {
    self.rank = rank
    self.beat = beat
    step = state.step
    changes = state.changes
    stepsDone = state.stepsDone
    phase = state.phase
    operation = state.exchange?.operation ?? .none
    tag = state.exchange?.tag ?? 0
    partner = state.partner
    busySeconds = Float(state.busySeconds)
  }

  /// - Parameter words: `wordCount` of them, as `words` gives.
  init(words: ArraySlice<UInt64>) {
    let word = { words[words.startIndex + $0] }
    rank = Int(truncatingIfNeeded: word(0) & 0xFFFF_FFFF)
    partner = Int(truncatingIfNeeded: word(0) >> 32)
    beat = word(1)
    step = word(2)
    changes = word(3)
    stepsDone = word(4)
    phase = ShortName(words: word(5), word(6))
    operation = ShortName(words: word(7), word(8))
    tag = Int(truncatingIfNeeded: word(9) & 0xFFFF_FFFF)
    busySeconds = Float(bitPattern: UInt32(truncatingIfNeeded: word(9) >> 32))
    age = UInt32(truncatingIfNeeded: word(10))
    idle = UInt32(truncatingIfNeeded: word(10) >> 32)
  }

  var words: [UInt64] {
    [
      UInt64(UInt32(truncatingIfNeeded: rank)) | UInt64(UInt32(truncatingIfNeeded: partner)) << 32, beat, step, changes,
      stepsDone, phase.first, phase.second, operation.first, operation.second,
      UInt64(UInt32(truncatingIfNeeded: tag)) | UInt64(busySeconds.bitPattern) << 32,
      UInt64(age) | UInt64(idle) << 32,
    ]
  }

  var isExchanging: Bool { operation != .none }

  /// What it does and where, in words.
  var place: String {
    let doing = isExchanging ? "exchanging \(operation) \(tag) with rank \(partner)" : "\(phase)"
    return step == 0 ? "\(doing), before the first step" : "\(doing) in step \(step)"
  }

  /// What it exchanges and where: the same at both partners.
  var meeting: String { "\(operation) \(tag) of step \(step)" }
}
