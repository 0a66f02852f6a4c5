import Communication

/// Where a step's time went on this rank, in seconds.
public struct StepPhases: Sendable, Equatable {
  /// G(X) and L_MSE.
  public internal(set) var generatorForward = 0.0
  /// D(C, X), L_real, and their gradient.
  public internal(set) var discriminatorReal = 0.0
  /// D(Ĉ, X), L_fake, and its gradient for both players.
  public internal(set) var discriminatorFake = 0.0
  /// The gradient of L_G.
  public internal(set) var generatorBackward = 0.0
  /// Checks, clipping, both updates, running statistics.
  public internal(set) var optimizer = 0.0
  /// Waiting for other ranks.
  public internal(set) var communication = 0.0

  /// Names as `bench step` prints them.
  public static let all: [(name: String, path: KeyPath<StepPhases, Double> & Sendable)] = [
    ("generator_forward", \.generatorForward), ("generator_backward", \.generatorBackward),
    ("discriminator_real", \.discriminatorReal), ("discriminator_fake", \.discriminatorFake),
    ("optimizer", \.optimizer), ("communication_wait", \.communication),
  ]
}

/// Tells how long it is since it was last asked, and writes it down in the timeline if there is one.
struct StepClock {
  private let activity: Activity
  private var last = Timeline.now

  init(_ activity: Activity) { self.activity = activity }

  /// Seconds since the last lap, or the beginning.
  ///
  /// - Parameter name: what was done in them; nil: what others have written down.
  mutating func lap(_ name: ShortName?) -> Double {
    if let name { activity.note(name, from: last) }
    let now = Timeline.now
    defer { last = now }
    return Double(now - last) / 1e9
  }
}
