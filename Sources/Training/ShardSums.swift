/// What one shard adds to the global batch besides gradients: its losses, the batch statistics of every
/// normalisation and what signals ask for, in one vector that is summed over shards.
struct ShardSums {
  private enum Place: Int, CaseIterable { case lossMSE, lossAdv, lossReal, lossFake, save, terminate, interrupt }

  private let values: UnsafeMutablePointer<Double>
  private let generatorCount: Int
  private let discriminatorCount: Int

  init(_ values: UnsafeMutablePointer<Double>, generatorCount: Int, discriminatorCount: Int) {
    self.values = values
    self.generatorCount = generatorCount
    self.discriminatorCount = discriminatorCount
  }

  static func count(generator: Int, discriminator: Int) -> Int { Place.allCases.count + generator + 2 * discriminator }

  private subscript(place: Place) -> Double {
    get { values[place.rawValue] }
    nonmutating set { values[place.rawValue] = newValue }
  }

  var lossMSE: Double {
    get { self[.lossMSE] }
    nonmutating set { self[.lossMSE] = newValue }
  }
  var lossAdv: Double {
    get { self[.lossAdv] }
    nonmutating set { self[.lossAdv] = newValue }
  }
  var lossReal: Double {
    get { self[.lossReal] }
    nonmutating set { self[.lossReal] = newValue }
  }
  var lossFake: Double {
    get { self[.lossFake] }
    nonmutating set { self[.lossFake] = newValue }
  }

  /// What the rank's signals ask; any rank's request is every rank's.
  var requests: StopSignals.Requests {
    get {
      var requests: StopSignals.Requests = []
      if self[.save] > 0 { requests.insert(.save) }
      if self[.terminate] > 0 { requests.insert(.terminate) }
      if self[.interrupt] > 0 { requests.insert(.interrupt) }
      return requests
    }
    nonmutating set {
      self[.save] = newValue.contains(.save) ? 1 : 0
      self[.terminate] = newValue.contains(.terminate) ? 1 : 0
      self[.interrupt] = newValue.contains(.interrupt) ? 1 : 0
    }
  }

  /// Batch statistics, as `Pass.batchStatistics` takes them.
  var generator: UnsafeMutablePointer<Double> { values + Place.allCases.count }
  var discriminatorOnReal: UnsafeMutablePointer<Double> { generator + generatorCount }
  var discriminatorOnFake: UnsafeMutablePointer<Double> { discriminatorOnReal + discriminatorCount }
}
