import PoseData
import Testing

@Suite struct SampleOrderTests {
  private func order(
    seed: UInt64 = 1, epoch: Int, _ portions: (samples: Range<Int>, visits: Int)..., batch: Int
  ) throws(DataError) -> SampleOrder {
    try SampleOrder(
      seed: seed, epoch: epoch, portions: portions.map { SamplePortion(samples: $0.samples, visits: $0.visits) },
      batch: batch)
  }

  private func all(_ order: SampleOrder) -> [SampleOrder.Visit] { (0..<order.steps).flatMap { order.visits($0) } }

  @Test func everyEpochVisitsEachSampleAtMostOnce() throws {
    let order = try order(epoch: 4, (0..<103, 103), batch: 8)
    #expect(order.steps == 12)
    let visited = all(order).map(\.sample)
    #expect(visited.count == 96 && Set(visited).count == 96 && visited.allSatisfy { (0..<103).contains($0) })
    #expect(all(order).allSatisfy { $0.repetition == 0 })
  }

  @Test func theOrderIsAFunctionOfSeedAndEpoch() throws {
    func first(_ seed: UInt64, _ epoch: Int) throws -> [SampleOrder.Visit] {
      try order(seed: seed, epoch: epoch, (0..<100, 100), batch: 50).visits(0)
    }
    #expect(try first(1, 0) == first(1, 0))
    #expect(try first(1, 0) != first(1, 1))
    #expect(try first(1, 0) != first(2, 0))
    let later = try order(epoch: 0, (0..<100, 100), batch: 50).at(epoch: 7)
    #expect(try later.visits(0) == first(1, 7))
    #expect(later.epoch == 7)
  }

  /// Ten samples twice an epoch and eight at half their number: the former come twice, with repetitions told apart, the
  /// latter all within two epochs.
  @Test func portionsAreVisitedAsOftenAsTheySay() throws {
    let epochs = try (0..<4).map { all(try order(epoch: $0, (0..<10, 20), (10..<18, 4), batch: 6)) }
    for visits in epochs {
      #expect(visits.count == 24)
      for sample in 0..<10 {
        #expect(visits.filter { $0.sample == sample }.map(\.repetition).sorted() == [0, 1])
      }
    }
    let rare = epochs.map { visits in Set(visits.map(\.sample).filter { $0 >= 10 }) }
    #expect(rare.allSatisfy { $0.count == 4 })
    #expect(rare[0].union(rare[1]) == Set(10..<18) && rare[2] == rare[0])
  }

  /// A portion whose visits are no multiple of its samples goes on where the last epoch ended.
  @Test func noSampleIsPassedOver() throws {
    let visited = try (0..<5).flatMap { all(try order(epoch: $0, (0..<5, 3), batch: 3)).map(\.sample) }
    #expect((0..<5).allSatisfy { sample in visited.count { $0 == sample } == 3 })
  }

  @Test func fewerSamplesThanABatchIsAnError() {
    let error = dataError { () throws(DataError) in _ = try order(epoch: 0, (0..<12, 12), batch: 16) }
    #expect(error?.problem == "12 samples, fewer than a batch of 16")
  }
}
