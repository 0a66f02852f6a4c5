/// The names of the spans in a step's timeline: those who write a timeline and those who read one share them.
public enum StepSpan: String, Sendable, CaseIterable {
  case generatorForward = "G forward"
  case discriminatorReal = "D real"
  case discriminatorFake = "D fake"
  case generatorBackward = "G backward"
  /// The norm of a summed gradient, and the wait for it (`waiting`) inside.
  case gradientNorm = "gradient norm"
  case update
  /// For a sum over ranks.
  case waiting
  case loadingData = "loading data"
  case evaluating
  case saving

  /// The passes over a shard, in the order in which a step begins them.
  public static let passes: [StepSpan] = [
    .generatorForward, .discriminatorReal, .discriminatorFake, .generatorBackward,
  ]

  /// As it travels in a timeline.
  public var name: ShortName {
    switch self {
    case .generatorForward: "G forward"
    case .discriminatorReal: "D real"
    case .discriminatorFake: "D fake"
    case .generatorBackward: "G backward"
    case .gradientNorm: "gradient norm"
    case .update: "update"
    case .waiting: "waiting"
    case .loadingData: "loading data"
    case .evaluating: "evaluating"
    case .saving: "saving"
    }
  }
}

extension ShortName {
  /// The vectors of a step beside its gradients: losses and flags, and batch statistics.
  public static let stepSums: ShortName = "sums"
  public static let stepStatistics: ShortName = "statistics"
}
