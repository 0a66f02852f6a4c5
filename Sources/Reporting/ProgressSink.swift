import Training

/// Says how a run is getting on: in one line that is written over on a terminal, in one now and then elsewhere.
public final class ProgressSink: RunSink {
  private static let terminalInterval = Duration.milliseconds(200)
  private static let plainInterval = Duration.seconds(10)

  private let isTerminal: Bool
  private let write: (String) -> Void
  private let clock = ContinuousClock()
  private var last: ContinuousClock.Instant?
  /// Seconds a step, averaged with a memory of about twenty steps.
  private var secondsPerStep = 0.0

  /// - Parameter write: takes text as it is, with its ends of lines.
  public init(isTerminal: Bool, write: @escaping (String) -> Void) {
    self.isTerminal = isTerminal
    self.write = write
  }

  public func take(_ report: StepReport) {
    secondsPerStep = secondsPerStep == 0 ? report.seconds : 0.95 * secondsPerStep + 0.05 * report.seconds
    let now = clock.now
    let isLast = report.step == report.totalSteps
    if let last, !isLast, now - last < (isTerminal ? Self.terminalInterval : Self.plainInterval) { return }
    last = now
    let text = line(report, isLast: isLast)
    write(isTerminal ? "\r\u{1B}[K\(text)" + (isLast ? "\n" : "") : text + "\n")
  }

  private func line(_ report: StepReport, isLast: Bool) -> String {
    let record = report.record
    var parts = ["step \(report.step)/\(report.totalSteps)"]
    if record.skipped != nil { parts.append("skipped") }
    for term in record.isAdversarial ? LossTerm.allCases : [.mse] where record.skipped == nil {
      parts.append("\(term.label) \(record.losses[term].significant(4))")
    }
    if record.isAdversarial { parts.append("k_t \(record.kt.significant(4))") }
    parts.append("\((Double(report.batch) / secondsPerStep).significant(3)) images/s")
    if !isLast { parts.append("ETA \((secondsPerStep * Double(report.totalSteps - report.step)).duration)") }
    return parts.joined(separator: "  ")
  }

  public func take(_ evaluation: EvaluationReport) {
    tell(evaluation.pck.summary(evaluation.step, evaluation.skeleton))
  }

  /// A line of another kind, which takes the place of the one in progress.
  public func tell(_ message: String) { write(isTerminal ? "\r\u{1B}[K\(message)\n" : message + "\n") }
}
