import PoseData
import Testing

@Suite struct SampleOrderTests {
  @Test func everyEpochVisitsEachSampleAtMostOnce() throws {
    let order = try SampleOrder(seed: 1, epoch: 4, count: 103, batch: 8)
    #expect(order.steps == 12)
    let visited = (0..<12).flatMap { Array(order.batchIndices($0)) }
    #expect(visited.count == 96 && Set(visited).count == 96 && visited.allSatisfy { (0..<103).contains($0) })
  }

  @Test func theOrderIsAFunctionOfSeedAndEpoch() throws {
    func first(_ seed: UInt64, _ epoch: Int) throws -> [Int] {
      Array(try SampleOrder(seed: seed, epoch: epoch, count: 100, batch: 50).batchIndices(0))
    }
    #expect(try first(1, 0) == first(1, 0))
    #expect(try first(1, 0) != first(1, 1))
    #expect(try first(1, 0) != first(2, 0))
    let later = try SampleOrder(seed: 1, epoch: 0, count: 100, batch: 50).at(epoch: 7)
    #expect(try Array(later.batchIndices(0)) == first(1, 7))
    #expect(later.epoch == 7)
  }

  @Test func fewerSamplesThanABatchIsAnError() {
    let error = dataError { () throws(DataError) in _ = try SampleOrder(seed: 1, epoch: 0, count: 12, batch: 16) }
    #expect(error?.problem == "12 samples, fewer than a batch of 16")
  }
}
