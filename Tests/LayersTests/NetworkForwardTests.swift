import Kernels
import Layers
import PoseModels
import RunRecord
import Tensors
import TestSupport
import Testing

/// Whole networks forward, by the batch's statistics and by the running ones, against PyTorch in float64.
@Suite struct NetworkForwardTests {
  static let tolerance = MemoryLayout<Real>.size == 8 ? 1e-11 : 2e-5

  private let golden: Golden

  init() throws { golden = try Golden("double_step") }

  private func configuration(_ network: String) -> HourglassConfiguration {
    let note = golden.notes[network]!.object!
    let value = { (key: String) in note[key]!.int! }
    return HourglassConfiguration(
      stacks: value("stacks"), modules: value("modules"), features: value("features"), depth: value("depth"),
      stem: note["stem"]!.array!.map { $0.int! })
  }

  /// Fills a store with the fixture's initial values, all of which must find their place.
  private func fill(_ store: ParameterStore, _ network: String) throws {
    store.layOut()
    var slices: [String: [Double]] = [:]
    for kind in ["parameters", "statistics"] {
      let values = try golden.values("initial.\(network).\(kind)")
      for entry in golden.notes["layouts"]!.object!["\(network).\(kind)"]!.array! {
        let entry = entry.object!
        let (count, offset) = (entry["shape"]!.array!.reduce(1) { $0 * $1.int! }, entry["offset"]!.int!)
        slices[entry["name"]!.string!] = Array(values[offset..<offset + count])
      }
    }
    store.set { slices.removeValue(forKey: "\(network).\($0)")! }
    #expect(slices.isEmpty)
  }

  private func input(_ name: String, _ shape: Shape) throws -> OwnedTensor {
    OwnedTensor(shape, try golden.values(name))
  }

  @Test(arguments: [Pass.Mode.training, .evaluation], ConvolutionAlgorithm.allCases)
  func generator(_ mode: Pass.Mode, _ algorithm: ConvolutionAlgorithm) throws {
    let store = ParameterStore()
    let network = StackedHourglass(store, configuration("generator"), joints: 3, input: .photograph)
    try fill(store, "generator")
    let images = try input("images", Shape(n: 4, h: 32, w: 32, c: 3))
    let stacks = Workbench(convolution: algorithm).run { context in
      let pass = Pass(context, store, mode)
      network.forward(images.tensor, pass)
      return pass.outputs
    }
    #expect(stacks.count == 2)
    for (number, heatmaps) in stacks.enumerated() {
      let expected = try golden.values("forward.\(mode == .training ? "train" : "eval").stack\(number)")
      #expect(relativeDistance(heatmaps, expected) <= Self.tolerance)
    }
  }

  @Test(arguments: [Pass.Mode.training, .evaluation], ConvolutionAlgorithm.allCases)
  func discriminator(_ mode: Pass.Mode, _ algorithm: ConvolutionAlgorithm) throws {
    let store = ParameterStore()
    let network = Discriminator(store, configuration("discriminator"), joints: 3)
    try fill(store, "discriminator")
    let prefix = "forward.\(mode == .training ? "train" : "eval")"
    let images = try input("images", Shape(n: 4, h: 32, w: 32, c: 3))
    let heatmaps = try input("\(prefix).stack1", Shape(n: 4, h: 8, w: 8, c: 3))
    let reconstructed = Workbench(convolution: algorithm).run { context in
      [network.forward(heatmaps.tensor, images.tensor, Pass(context, store, mode))]
    }[0]
    #expect(relativeDistance(reconstructed, try golden.values("\(prefix).reconstructed")) <= Self.tolerance)
  }
}
