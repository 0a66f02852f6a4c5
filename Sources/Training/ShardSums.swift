/// What is known at a step's end of one shard, to be summed over shards: its losses, and what signals ask for.
struct ShardSums {
  private enum Place: Int, CaseIterable { case lossMSE, lossAdv, lossReal, lossFake, save, terminate, interrupt }

  static var count: Int { Place.allCases.count }

  private let values: UnsafeMutablePointer<Double>

  init(_ values: UnsafeMutablePointer<Double>) { self.values = values }

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
}
