/// What is known of one shard at a step's end, to be summed over all shards of all ranks: its losses, and flags that
/// become every rank's.
struct ShardSums {
  /// Flags: greater than 0 in the sum if any rank has raised it.
  private enum Flag: Int, CaseIterable { case trapped, save, terminate, interrupt }

  /// Numbers of a shard.
  static let count = LossTerm.all.count + Flag.allCases.count

  private let values: UnsafeMutablePointer<Double>

  init(_ values: UnsafeMutablePointer<Double>) { self.values = values }

  subscript(term: LossTerm) -> Double {
    get { values[term.rawValue] }
    nonmutating set { values[term.rawValue] = newValue }
  }

  private subscript(flag: Flag) -> Bool {
    get { values[LossTerm.all.count + flag.rawValue] > 0 }
    nonmutating set { values[LossTerm.all.count + flag.rawValue] = newValue ? 1 : 0 }
  }

  var losses: Losses {
    var losses = Losses()
    for term in LossTerm.all { losses[term] = self[term] }
    return losses
  }

  /// Forgets an earlier step.
  func clear() { values.update(repeating: 0, count: Self.count) }

  /// Whether a trap has seen a value that is not finite, which a ReLU may have swallowed since.
  var isTrapped: Bool {
    get { self[.trapped] }
    nonmutating set { self[.trapped] = newValue }
  }

  /// What signals ask for.
  var requests: StopSignals.Requests {
    get {
      var requests: StopSignals.Requests = []
      if self[.save] { requests.insert(.save) }
      if self[.terminate] { requests.insert(.terminate) }
      if self[.interrupt] { requests.insert(.interrupt) }
      return requests
    }
    nonmutating set {
      self[.save] = newValue.contains(.save)
      self[.terminate] = newValue.contains(.terminate)
      self[.interrupt] = newValue.contains(.interrupt)
    }
  }
}
