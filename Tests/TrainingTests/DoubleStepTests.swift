import Kernels
import RunRecord
import Tensors
import TestSupport
import Testing
import Training

/// One whole step of a depth-1 net against PyTorch in float64: in the double build to 1e-9, in the usual build to what
/// single precision allows.
@Suite struct DoubleStepTests {
  static let isDouble = MemoryLayout<Real>.size == 8
  static let tolerance = isDouble ? 1e-9 : 2e-3

  @Test(arguments: GoldenNetworks.Variant.all, ConvolutionAlgorithm.allCases)
  func step(_ variant: GoldenNetworks.Variant, _ convolution: ConvolutionAlgorithm) throws {
    let networks = GoldenNetworks(golden: try Golden("double_step"))
    let golden = networks.golden
    let trainer = try networks.trainer(
      variant, resolution: 32, kt: networks.note("kt").double!, convolution: convolution)
    for network in ["generator", "discriminator"] {
      try trainer.set(networks.slices("initial.\(network).parameters", layout: "\(network).parameters"))
      try trainer.set(networks.slices("initial.\(network).statistics", layout: "\(network).statistics"))
    }
    let images = try networks.input("images", Shape(n: 4, h: 32, w: 32, c: 3))
    let heatmaps = try networks.input("heatmaps", Shape(n: 4, h: 8, w: 8, c: 3))
    let mask = try networks.input("mask", Shape(n: 4, h: 1, w: 1, c: 3))
    let record = try trainer.step(images: images.tensor, heatmaps: heatmaps.tensor, mask: mask.tensor)

    let result = networks.note("results", variant.name).object!
    let losses = [
      "loss_mse": record.losses[.mse], "loss_adv": record.losses[.adv], "loss_g": record.lossG,
      "loss_real": record.losses[.real],
      "loss_fake": record.losses[.fake], "loss_d": record.lossD, "kt_next": trainer.balance.kt,
    ]
    for (name, value) in losses {
      let expected = result[name]!.double!
      #expect(abs(value - expected) <= (Self.isDouble ? 1e-10 : 1e-5) * abs(expected), "\(name): \(value) \(expected)")
    }

    let zeros = Set(
      ["generator", "discriminator"].flatMap { networks.note("zero_gradients", $0).array!.map { $0.string! } })
    let gradients = trainer.withGradients(AdversarialTrainer.doubles)
    for network in ["generator", "discriminator"] {
      let expected = try networks.slices("\(variant.name).\(network).gradients", layout: "\(network).parameters")
      var worst = (0.0, "")
      for (name, values) in expected where !zeros.contains(name) {
        let distance = relativeDistance(gradients[name]!, values)
        if !(distance <= worst.0) { worst = (distance, name) }
      }
      #expect(worst.0 <= Self.tolerance, "\(worst)")
    }
    guard Self.isDouble, golden.has("\(variant.name).generator.parameters") else { return }
    try compareState(trainer, networks, variant, zeros)
  }

  private func compareState(
    _ trainer: AdversarialTrainer, _ networks: GoldenNetworks, _ variant: GoldenNetworks.Variant, _ zeros: Set<String>
  ) throws {
    let state = trainer.withState(AdversarialTrainer.doubles)
    for network in ["generator", "discriminator"] {
      // A bias whose true gradient is zero moves by the sign of rounding errors; it has no effect on anything.
      for (name, values) in try networks.slices(
        "\(variant.name).\(network).parameters", layout: "\(network).parameters") where !zeros.contains(name)
      {
        #expect(relativeDistance(state[name]!, values) <= 1e-9, "\(name)")
      }
      for (name, values) in try networks.slices(
        "\(variant.name).\(network).statistics", layout: "\(network).statistics")
      {
        #expect(relativeDistance(state[name]!, values) <= 1e-9, "\(name)")
      }
    }
  }
}
