import Communication

/// What a step's time on this rank is divided into.
public enum StepPhase: Int, Sendable, CaseIterable {
  /// G(X) and L_MSE.
  case generatorForward
  /// The gradient of L_G.
  case generatorBackward
  /// D(C, X), L_real, and their gradient.
  case discriminatorReal
  /// D(Ĉ, X), L_fake, and its gradient for both players.
  case discriminatorFake
  /// Checks, clipping, both updates, running statistics.
  case optimizer
  /// Waiting for other ranks.
  case communication

  /// As `bench step` prints it.
  public var name: String {
    switch self {
    case .generatorForward: "generator_forward"
    case .generatorBackward: "generator_backward"
    case .discriminatorReal: "discriminator_real"
    case .discriminatorFake: "discriminator_fake"
    case .optimizer: "optimizer"
    case .communication: "communication_wait"
    }
  }
}

/// Where a step's time went on this rank, in seconds. No allocation, as a step must make none.
public struct StepPhases: Sendable, Equatable {
  private var seconds = SIMD8<Double>(repeating: 0)

  public internal(set) subscript(phase: StepPhase) -> Double {
    get { seconds[phase.rawValue] }
    set { seconds[phase.rawValue] = newValue }
  }
}

/// Measures a step's phases, and writes spans into the timeline if there is one.
final class StepTimer {
  private let activity: Activity
  private(set) var phases = StepPhases()

  init(_ activity: Activity) { self.activity = activity }

  /// Begins another step.
  func begin() { phases = StepPhases() }

  /// Adds to a phase what `body` takes.
  func time<Result, Failure: Error>(
    _ phase: StepPhase, _ span: StepSpan? = nil, _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let start = Timeline.now
    let result = try body()
    if let span { activity.note(span.name, from: start) }
    phases[phase] += Double(Timeline.now - start) / 1e9
    return result
  }

  /// Counts seconds as waiting for other ranks that were counted to another phase.
  func move(_ seconds: Double, from phase: StepPhase) {
    phases[phase] -= seconds
    phases[.communication] += seconds
  }
}
