import Platform
import RunRecord
import Training

/// Writes `log.jsonl`: a line a step and an evaluation.
public final class LogSink: RunSink {
  private var log: RunLog?

  public init() {}

  public func begin(_ directory: RunDirectory) throws { log = try RunLog(directory.logPath) }

  public func take(_ step: StepReport) throws { try log?.append(step.json) }

  public func take(_ evaluation: EvaluationReport) throws {
    try log?.append(evaluation.pck.line(evaluation.step, evaluation.skeleton))
  }

  public var flush: (@Sendable () throws(FileSystemError) -> Void)? {
    guard let log else { return nil }
    return { () throws(FileSystemError) in try log.synchronize() }
  }
}
