import PoseData
import Tensors
import Testing

@Suite struct BatchLoaderTests {
  /// Everything that a batch holds.
  private struct Contents: Equatable {
    var samples: [Int]
    var epoch: Int
    var step: Int
    var broken: [Int]
    var values: [Real]

    init(_ batch: Batch) {
      samples = batch.samples
      epoch = batch.epoch
      step = batch.step
      broken = batch.broken.map(\.sample)
      values = [batch.images, batch.heatmaps, batch.mask].flatMap { Array($0.values) }
    }
  }

  private func loader(
    _ dataset: any PoseDataset, batch: Int = 4, rank: Int = 0, worldSize: Int = 1, onBroken: BrokenSamplePolicy = .fail,
    startStep: Int = 0, threads: Int = 1, depth: Int = 2
  ) throws(DataError) -> BatchLoader {
    try BatchLoader(
      dataset: dataset, seed: 11, batch: batch, rank: rank, worldSize: worldSize, inputResolution: 32, sigma: 1,
      onBroken: onBroken, startStep: startStep, threads: threads, depth: depth)
  }

  private func take(_ count: Int, _ loader: BatchLoader) throws(DataError) -> [Contents] {
    var all: [Contents] = []
    for _ in 0..<count {
      let batch = try loader.next()
      all.append(Contents(batch))
      loader.recycle(batch)
    }
    return all
  }

  @Test(arguments: [(1, 1), (2, 1), (3, 2), (8, 5)])
  func threadsDoNotChangeTheBatches(_ threads: Int, _ depth: Int) throws {
    let dataset = MarkedDataset(count: 18, broken: [3])
    let expected = try take(9, loader(dataset, onBroken: .skip))
    #expect(try take(9, loader(dataset, onBroken: .skip, threads: threads, depth: depth)) == expected)
    #expect(expected.map(\.epoch) == [0, 0, 0, 0, 1, 1, 1, 1, 2])
    #expect(expected.map(\.step) == Array(0..<9))
    #expect(expected[0].samples != expected[4].samples)
    #expect(expected[0].values.contains { $0 > 0.5 })
  }

  @Test func ranksDivideTheBatchInOrder() throws {
    let dataset = MarkedDataset(count: 18)
    let whole = try take(5, loader(dataset))
    let left = try take(5, loader(dataset, rank: 0, worldSize: 2))
    let right = try take(5, loader(dataset, rank: 1, worldSize: 2))
    for step in 0..<5 {
      #expect(left[step].samples + right[step].samples == whole[step].samples)
      let half = 2 * 32 * 32 * 3
      // Compared outside the macro, which would print every value.
      let isLeftSame = left[step].values[..<half] == whole[step].values[..<half]
      let isRightSame = right[step].values[..<half] == whole[step].values[half..<2 * half]
      #expect(isLeftSame && isRightSame)
    }
  }

  @Test func aRunGoesOnInTheMiddleOfAnEpoch() throws {
    let dataset = MarkedDataset(count: 18)
    let whole = try take(12, loader(dataset, threads: 2))
    #expect(try take(6, loader(dataset, startStep: 6)) == Array(whole[6...]))
  }

  @Test func aBrokenSampleEndsTheRunInItsTurn() throws {
    let order = try SampleOrder(seed: 11, epoch: 0, portions: [.init(samples: 0..<18, visits: 18)], batch: 4)
    let broken = order.visits(2)[1].sample
    for threads in [1, 3] {
      let loader = try loader(MarkedDataset(count: 18, broken: [broken]), threads: threads, depth: 3)
      #expect(try take(2, loader).count == 2)
      for _ in 0..<2 {
        let error = dataError { () throws(DataError) in _ = try loader.next() }
        #expect(error == DataError("marked \(broken)", "is broken"))
      }
    }
  }

  @Test func aSkippedSampleKeepsItsPlaceMasked() throws {
    let order = try SampleOrder(seed: 11, epoch: 0, portions: [.init(samples: 0..<18, visits: 18)], batch: 4)
    let broken = order.visits(1)[2].sample
    let whole = try take(3, loader(MarkedDataset(count: 18)))
    let loader = try loader(MarkedDataset(count: 18, broken: [broken]), onBroken: .skip)
    // The batch that is reused has held other values before.
    for step in 0..<3 {
      let batch = try loader.next()
      #expect(batch.samples == whole[step].samples)
      #expect(batch.broken.map(\.sample) == (step == 1 ? [broken] : []))
      if step == 1 {
        #expect(batch.broken[0].error == DataError("marked \(broken)", "is broken"))
        for tensor in [batch.images, batch.heatmaps, batch.mask] {
          #expect(tensor.image(2).values.allSatisfy { $0 == 0 })
          #expect(tensor.image(1).values.contains { $0 > 0 })
        }
      }
      loader.recycle(batch)
    }
  }

  @Test func tooManyBrokenSamplesEndTheRun() throws {
    let loader = try loader(MarkedDataset(count: 40, broken: Set(0..<11)), onBroken: .skip, threads: 2)
    #expect(loader.brokenLimit == 10)
    let error = dataError { () throws(DataError) in _ = try take(10, loader) }
    #expect(
      error?.problem == "is broken; with it 11 of 40 samples are broken, and at most 10 are skipped")
    // The same few, met again each epoch, are no more than they were.
    let few = try self.loader(MarkedDataset(count: 40, broken: Set(0..<10)), onBroken: .skip)
    #expect(try take(40, few).map { $0.broken.count }.reduce(0, +) == 40)
    let all = try self.loader(MarkedDataset(count: 4, broken: Set(0..<4)), onBroken: .skip)
    #expect(dataError { () throws(DataError) in _ = try take(1, all) } != nil)
  }

  @Test func preparationRunsAheadByTheDepthAndNoMore() throws {
    let dataset = MarkedDataset(count: 64)
    let loader = try loader(dataset, threads: 2, depth: 3)
    for step in 0..<20 {
      let batch = try loader.next()
      #expect(dataset.decoded.withLock { $0 } <= (step + 1 + 3) * 4)
      loader.recycle(batch)
    }
  }

  @Test func severalBatchesMayBeHeld() throws {
    let loader = try loader(MarkedDataset(count: 18), depth: 2)
    let expected = try take(3, self.loader(MarkedDataset(count: 18)))
    let batches = [try loader.next(), try loader.next(), try loader.next()]
    #expect(batches.map(Contents.init) == expected)
    // Given up with every batch held and the thread waiting: ends all the same.
  }

  @Test func tooFewSamplesIsAnError() {
    let error = dataError { () throws(DataError) in _ = try loader(MarkedDataset(count: 12), batch: 16) }
    #expect(error?.problem == "12 samples, fewer than a batch of 16")
  }
}
