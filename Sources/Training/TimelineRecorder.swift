import Communication
import Platform

/// Writes down what all ranks do in some steps, and makes a file of it for a trace viewer.
public final class TimelineRecorder {
  private let path: String
  private let communicator: any Communicator
  private let offset: Int64

  /// Begins, on every rank.
  public init(_ path: String, _ communicator: any Communicator) throws {
    self.path = path
    self.communicator = communicator
    offset = try communicator.clockOffset()
    communicator.activity.timeline = Timeline()
  }

  /// Ends, on every rank; rank 0 writes the file.
  public func finish() throws {
    guard let timeline = communicator.activity.timeline else { return }
    communicator.activity.timeline = nil
    let ranks = try communicator.gather(timeline, clockOffset: offset)
    try Together.onRankZero(communicator) { try FileSystem.write(TimelineExport.trace(ranks).text + "\n", to: path) }
  }
}

/// Which steps of a run are to be written down, and where.
public struct TimelineRequest: Sendable {
  public let path: String
  /// The first steps after the run begins or goes on.
  public let steps: Int

  public init(path: String, steps: Int) {
    self.path = path
    self.steps = steps
  }
}
