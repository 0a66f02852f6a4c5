import Glibc

/// The learning rate as a function of the step: a linear warm-up, then one of three courses.
public struct LearningRateSchedule: Sendable, Equatable {
  public enum Course: String, Sendable, CaseIterable {
    case constant
    /// Multiplied by `decay` at each of `milestones`.
    case step
    /// Half a cosine from the full rate to `finalFraction` of it at the run's last step.
    case cosine
  }

  public var learningRate: Double
  public var course = Course.constant
  /// Steps over which the rate rises evenly from 0.
  public var warmupSteps = 0
  /// Completed steps after which `step` lowers the rate, ascending.
  public var milestones: [Int] = []
  public var decay = 0.1
  public var finalFraction = 0.0

  public init(learningRate: Double) { self.learningRate = learningRate }

  /// The rate of the update that follows `completed` steps of a run of `totalSteps`.
  public func rate(after completed: Int, of totalSteps: Int) -> Double {
    if completed < warmupSteps { return learningRate * Double(completed + 1) / Double(warmupSteps) }
    switch course {
    case .constant: return learningRate
    case .step: return milestones.reduce(learningRate) { completed >= $1 ? $0 * decay : $0 }
    case .cosine:
      let span = max(1, totalSteps - warmupSteps)
      let progress = min(1, Double(completed - warmupSteps) / Double(span))
      return learningRate * (finalFraction + (1 - finalFraction) * 0.5 * (1 + cos(.pi * progress)))
    }
  }
}
