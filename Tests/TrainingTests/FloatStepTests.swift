import Foundation
import Kernels
import RunRecord
import Tensors
import TestSupport
import Testing
import Training

/// Five steps of a depth-4 net in single precision, each from PyTorch's parameters, against PyTorch in float64.
///
/// Single precision does not agree with itself here: the fixture holds, tensor by tensor, how far PyTorch's own float32
/// gradients are from float64 in each memory layout. Ours may be no farther than three times the worse of the two.
@Suite(.enabled(if: MemoryLayout<Real>.size == 4, "single precision is what is tested"))
struct FloatStepTests {
  struct Case: Sendable, CustomStringConvertible {
    let step: Int
    let variant: GoldenNetworks.Variant
    var description: String { "step \(step) \(variant)" }

    static let all = (0..<5).flatMap { step in
      GoldenNetworks.Variant.all.map { Case(step: step, variant: $0) }
    }
  }

  @Test(arguments: Case.all, ConvolutionAlgorithm.allCases)
  func step(_ test: Case, _ convolution: ConvolutionAlgorithm) throws {
    let networks = GoldenNetworks(golden: try Golden("steps"))
    let prefix = "step\(test.step)"
    let notes = networks.note("results").array![test.step].object!
    guard let result = notes[test.variant.name]?.object else {
      // Gradients of sums are those of means times M·h·w; the fixture holds losses of two such variants.
      #expect(test.variant.reduction == .sum && !test.variant.targetGradient)
      return
    }
    let trainer = try networks.trainer(
      test.variant, resolution: 128, kt: notes["kt"]!.double!, convolution: convolution)
    for network in ["generator", "discriminator"] {
      try trainer.set(networks.slices("\(prefix).\(network).parameters", layout: "\(network).parameters"))
      try trainer.set(networks.slices("\(prefix).\(network).statistics", layout: "\(network).statistics"))
    }
    for (moment, name) in [("average", "exp_avg"), ("square_average", "exp_avg_sq")] {
      let values = try networks.slices("\(prefix).discriminator.\(name)", layout: "discriminator.parameters")
      try trainer.set(
        Dictionary(uniqueKeysWithValues: values.map { ("optimizer.discriminator.\(moment)." + $0.key.dropFirst(14), $0.value) }))
    }
    try trainer.set([:], counters: ["optimizer.discriminator.steps": test.step])
    let images = try networks.input("\(prefix).images", Shape(n: 4, h: 128, w: 128, c: 3), scale: 1.0 / 255)
    let heatmaps = try networks.input("\(prefix).heatmaps", Shape(n: 4, h: 32, w: 32, c: 5))
    let mask = try networks.input("\(prefix).mask", Shape(n: 4, h: 1, w: 1, c: 5))
    let record = try trainer.step(images: images.tensor, heatmaps: heatmaps.tensor, mask: mask.tensor)

    for (name, value) in [
      ("loss_mse", record.lossMSE), ("loss_adv", record.lossAdv), ("loss_g", record.lossG),
      ("loss_real", record.lossReal), ("loss_fake", record.lossFake), ("loss_d", record.lossD),
      ("kt_next", trainer.balance.kt),
    ] {
      let expected = result[name]!.double!
      #expect(abs(value - expected) <= 1e-5 * max(abs(expected), record.lossReal), "\(name): \(value) \(expected)")
    }
    try compareGradients(trainer, networks, test, convolution)
  }

  private func compareGradients(
    _ trainer: AdversarialTrainer, _ networks: GoldenNetworks, _ test: Case, _ convolution: ConvolutionAlgorithm
  ) throws {
    let golden = networks.golden
    let zeros = Set(
      ["generator", "discriminator"].flatMap { networks.note("zero_gradients", $0).array!.map { $0.string! } })
    let gradients = trainer.withGradients(AdversarialTrainer.doubles)
    for network in ["generator", "discriminator"] {
      let base = "step\(test.step).\(test.variant.name).\(network)"
      guard golden.has("\(base).gradients") else { continue }
      let layout = networks.note("layouts", "\(network).parameters").array!.map { $0.object!["name"]!.string! }
      let planar = try golden.values("\(base).distances_nchw")
      let interleaved = try golden.values("\(base).distances_nhwc")
      let expected = try networks.slices("\(base).gradients", layout: "\(network).parameters")
      var ratios: [Double] = []
      for (index, name) in layout.enumerated() where !zeros.contains(name) {
        let distance = relativeDistance(gradients[name]!, expected[name]!)
        let allowed = max(planar[index], interleaved[index])
        ratios.append(distance / planar[index])
        if convolution == .direct {
          #expect(distance <= 3 * allowed, "\(name): \(distance), PyTorch \(planar[index]) and \(interleaved[index])")
        }
      }
      ratios.sort()
      print(
        "\(test) \(convolution) \(network): distance from float64 over PyTorch NCHW's, median",
        ratios[ratios.count / 2], "largest", ratios.last!)
    }
  }
}
