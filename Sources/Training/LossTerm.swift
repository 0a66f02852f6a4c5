/// The losses that a step measures, each summed over the global batch.
///
/// A new term is an entry here, a function in `ShardPasses` that computes it and its call in `AdversarialTrainer.step`.
/// Its slot in the sums over shards, its key in log.jsonl and the search for values that are not finite follow.
public enum LossTerm: Int, Sendable, CaseIterable {
  /// L_MSE = Σ_n Σ_j (C_j − Ĉ_nj)²
  case mse
  /// L_real = Σ_j (C_j − D(C, X)_j)²
  case real
  /// L_fake = Σ_j (Ĉ_j − D(Ĉ, X)_j)², the discriminator's
  case fake
  /// L_adv, the same of the generator: of D as it is, or after its update (`adversarial.refresh_discriminator`)
  case adv

  /// `allCases`, made once: a step must not allocate.
  static let all = Array(allCases)

  /// In progress lines.
  public var label: String {
    switch self {
    case .mse: "mse"
    case .real: "real"
    case .fake: "fake"
    case .adv: "adv"
    }
  }

  /// In log.jsonl and in messages.
  public var key: String { "loss_\(label)" }

  /// The pass that it is taken from.
  var part: StepInspector.Part {
    switch self {
    case .mse: .generator
    case .real: .discriminatorOnReal
    case .fake, .adv: .discriminatorOnFake
    }
  }
}

/// One value of each loss term. No allocation, as a step must make none.
public struct Losses: Sendable, Equatable {
  private var values = SIMD8<Double>(repeating: 0)

  public init() {}

  public subscript(term: LossTerm) -> Double {
    get { values[term.rawValue] }
    set { values[term.rawValue] = newValue }
  }

  public var isFinite: Bool { LossTerm.all.allSatisfy { self[$0].isFinite } }
}
