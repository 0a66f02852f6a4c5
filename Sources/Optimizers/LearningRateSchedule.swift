#if canImport(Glibc)
  import Glibc
#endif

/// The learning rate as a function of the step: a linear warm-up, then one of three courses.
public struct LearningRateSchedule: Sendable, Equatable {
  public enum Course: Sendable, Equatable {
    case constant
    /// Times `decay` after each milestone, given in completed steps.
    case step(milestones: [Int], decay: Double)
    /// Half a cosine from the full rate to `finalFraction` of it at `totalSteps`.
    case cosine(totalSteps: Int, finalFraction: Double)
  }

  public let learningRate: Double
  public let warmupSteps: Int
  public let course: Course

  public init(learningRate: Double, warmupSteps: Int = 0, course: Course = .constant) {
    self.learningRate = learningRate
    self.warmupSteps = warmupSteps
    self.course = course
  }

  /// The rate of the update that follows `completed` completed steps.
  public func rate(after completed: Int) -> Double {
    if completed < warmupSteps { return learningRate * Double(completed + 1) / Double(warmupSteps) }
    switch course {
    case .constant: return learningRate
    case .step(let milestones, let decay):
      return milestones.reduce(learningRate) { completed >= $1 ? $0 * decay : $0 }
    case .cosine(let totalSteps, let finalFraction):
      let span = max(1, totalSteps - warmupSteps)
      let progress = min(1, Double(completed - warmupSteps) / Double(span))
      return learningRate * (finalFraction + (1 - finalFraction) * 0.5 * (1 + cos(.pi * progress)))
    }
  }
}
