import Metrics
import Platform
import PoseData
import RunRecord

/// Takes what a run has to report, on rank 0, as it comes about.
///
/// Training declares it; whoever writes logs, events or progress implements it (target Reporting), and the command line
/// connects the two. Called by the run's main thread.
public protocol RunSink: AnyObject {
  /// The run's directory is ready: what is later than the step it goes on from has been cut from its records.
  func begin(_ directory: RunDirectory) throws
  func take(_ step: StepReport) throws
  func take(_ evaluation: EvaluationReport) throws
  /// A sentence for people.
  func tell(_ message: String)
  /// Makes what was taken outlast a loss of power; nil if there is nothing to do. Called by another thread before a
  /// checkpoint is written, so that no checkpoint is ahead of the records.
  var flush: (@Sendable () throws(FileSystemError) -> Void)? { get }
}

extension RunSink {
  public func begin(_ directory: RunDirectory) throws {}
  public func take(_ step: StepReport) throws {}
  public func take(_ evaluation: EvaluationReport) throws {}
  public func tell(_ message: String) {}
  public var flush: (@Sendable () throws(FileSystemError) -> Void)? { nil }
}

/// A step that has been done.
public struct StepReport: Sendable {
  /// Completed steps, this one included, and those of the whole run.
  public let step: Int
  public let totalSteps: Int
  public let epoch: Int
  public let record: StepRecord
  /// Seconds of the whole step, and of them those of waiting for data and for other ranks.
  public let seconds: Double
  public let dataWaitSeconds: Double
  public let communicationWaitSeconds: Double
  /// Images of the global batch.
  public let batch: Int

  public var imagesPerSecond: Double { Double(batch) / seconds }
}

/// An evaluation on the validation samples.
public struct EvaluationReport: Sendable {
  /// Completed steps.
  public let step: Int
  public let pck: PCK
  public let skeleton: Skeleton
}
