import Kernels
import Layers
import PoseModels
import Tensors
import TestSupport
import Testing

@Suite struct ParameterStoreTests {
  private func store(
    _ configuration: HourglassConfiguration, joints: Int = 3, _ input: StackedHourglass.Input
  ) -> ParameterStore {
    let store = ParameterStore()
    _ = StackedHourglass(store, configuration, joints: joints, input: input)
    return store
  }

  private let small = HourglassConfiguration(stacks: 2, modules: 1, features: 10, depth: 2, stem: [5, 6])

  /// The numbers of the published networks at 16 joints.
  @Test func publishedNetworksHaveTheirSize() {
    let generator = HourglassConfiguration(stacks: 4, modules: 2, features: 256, depth: 4)
    #expect(store(generator, joints: 16, .photograph).parameterCount == 24_871_872)
    let discriminator = HourglassConfiguration(stacks: 1, modules: 2, features: 256, depth: 4)
    let ofDiscriminator = ParameterStore()
    _ = Discriminator(ofDiscriminator, discriminator, joints: 16)
    #expect(ofDiscriminator.parameterCount == 6_431_376)
  }

  @Test func parametersLieApartAndAligned() {
    let store = store(small, .photograph)
    store.layOut()
    let names = store.parameters.map(\.name) + store.statistics.map(\.name)
    #expect(Set(names).count == names.count)
    var end = 0
    for entry in store.parameters.sorted(by: { $0.offset < $1.offset }) {
      #expect(entry.offset >= end && entry.offset % 16 == 0, "\(entry.name)")
      end = entry.offset + entry.count
    }
    #expect(end <= store.count && store.count - end < 16)
  }

  /// PyTorch's defaults; a value is a function of the seed and the name alone.
  @Test func initialization() {
    let (store, again, other) = (store(small, .photograph), store(small, .photograph), store(small, .photograph))
    for store in [store, again, other] { store.layOut() }
    store.initialize(seed: 5, network: "generator")
    again.initialize(seed: 5, network: "generator")
    other.initialize(seed: 6, network: "generator")
    var draws: [Double] = []
    var differing = 0
    for entry in store.parameters {
      let read = { (store: ParameterStore) in
        (0..<entry.count).map { Double(store.values.pointer[entry.offset + $0]) }
      }
      let values = read(store)
      #expect(values == read(again))
      if entry.name.contains("norm") {
        #expect(values.allSatisfy { $0 == (entry.name.hasSuffix("weight") ? 1 : 0) }, "\(entry.name)")
        continue
      }
      differing += values == read(other) ? 0 : 1
      let weight = store.parameters.first { $0.name == entry.name.replacingSuffix("bias", with: "weight") }!
      let bound = 1 / Double(weight.count / weight.shape[3]).squareRoot()
      #expect(values.allSatisfy { abs($0) <= bound }, "\(entry.name)")
      draws += values.map { $0 / bound }
    }
    #expect(differing == store.parameters.filter { !$0.name.contains("norm") }.count)
    let mean = draws.reduce(0, +) / Double(draws.count)
    let square = draws.reduce(0) { $0 + $1 * $1 } / Double(draws.count)
    #expect(abs(mean) < 0.02 && abs(square - 1.0 / 3) < 0.02)
    for entry in store.statistics {
      let running = (0..<entry.count).map { store.runningValues.pointer[entry.offset + $0] }
      #expect(running == Array(repeating: 0, count: entry.count / 2) + Array(repeating: 1, count: entry.count / 2))
    }
  }

  /// Shards' statistics summed give the running statistics of the whole batch.
  @Test(arguments: [1, 2, 4])
  func runningStatisticsOfShards(_ shards: Int) {
    let store = ParameterStore()
    let norm = BatchNorm2d(store, "norm", channels: 5)
    store.layOut()
    var random = CounterRandom(seed: 1, purpose: "shards")
    let shape = Shape(n: 8, h: 3, w: 4, c: 5)
    let batch = OwnedTensor(shape, (0..<shape.count).map { 4 + Double($0 / 60) + random.normal() })
    let sums = Buffer<Double>(count: store.statisticsCount)
    let values = batch.values
    for shard in 0..<shards {
      let size = shape.count / shards
      let part = OwnedTensor(
        Shape(n: 8 / shards, h: 3, w: 4, c: 5), Array(values[shard * size..<(shard + 1) * size]))
      let statistics = Buffer<Double>(count: store.statisticsCount)
      _ = Workbench().run { context in
        let pass = Pass(context, store, .training)
        pass.batchStatistics = statistics.pointer
        _ = norm.forward(context.activation(part), pass)
        return []
      }
      for i in 0..<sums.count { sums.pointer[i] += statistics.pointer[i] }
    }
    store.updateRunningStatistics(from: sums.pointer, shards: shards, momentum: 0.3)
    let count = Double(shape.rows)
    for c in 0..<5 {
      let channel = stride(from: c, to: values.count, by: 5).map { values[$0] }
      let mean = channel.reduce(0, +) / count
      let unbiased = channel.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1)
      let tolerance = MemoryLayout<Real>.size == 8 ? 1e-12 : 1e-5
      #expect(abs(Double(store.runningValues.pointer[c]) - 0.3 * mean) <= tolerance)
      #expect(abs(Double(store.runningValues.pointer[5 + c]) - (0.7 + 0.3 * unbiased)) <= tolerance * 10)
    }
  }
}

extension String {
  fileprivate func replacingSuffix(_ suffix: String, with other: String) -> String {
    hasSuffix(suffix) ? dropLast(suffix.count) + other : self
  }
}
