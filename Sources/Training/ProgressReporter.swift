/// The line that says how a run is getting on: one that is written over on a terminal, one now and then elsewhere.
struct ProgressReporter {
  private static let terminalInterval = Duration.milliseconds(200)
  private static let plainInterval = Duration.seconds(10)

  private let totalSteps: Int
  private let isTerminal: Bool
  private let clock = ContinuousClock()
  private var last: ContinuousClock.Instant?
  /// Seconds a step, averaged with a memory of about twenty steps.
  private var secondsPerStep = 0.0

  init(totalSteps: Int, isTerminal: Bool) {
    self.totalSteps = totalSteps
    self.isTerminal = isTerminal
  }

  /// The line for a step; nil where it is too soon for another.
  mutating func line(_ record: StepRecord, _ step: Int, _ timing: StepTiming) -> String? {
    secondsPerStep = secondsPerStep == 0 ? timing.step : 0.95 * secondsPerStep + 0.05 * timing.step
    let now = clock.now
    let isLast = step == totalSteps
    if let last, !isLast, now - last < (isTerminal ? Self.terminalInterval : Self.plainInterval) { return nil }
    last = now
    let number = { (value: Double) in value.significant(4) }
    var parts = ["step \(step)/\(totalSteps)"]
    if record.skipped != nil { parts.append("skipped") }
    for term in record.isAdversarial ? LossTerm.allCases : [.mse] where record.skipped == nil {
      parts.append("\(term.label) \(number(record.losses[term]))")
    }
    if record.isAdversarial { parts.append("k_t \(number(record.kt))") }
    parts.append("\((Double(timing.batch) / secondsPerStep).significant(3)) images/s")
    if !isLast { parts.append("ETA \((secondsPerStep * Double(totalSteps - step)).duration)") }
    let text = parts.joined(separator: "  ")
    return isTerminal ? "\r\u{1B}[K\(text)" + (isLast ? "\n" : "") : text + "\n"
  }

  /// A line of another kind, which takes the place of the one in progress.
  func over(_ text: String) -> String { isTerminal ? "\r\u{1B}[K\(text)\n" : text + "\n" }
}
