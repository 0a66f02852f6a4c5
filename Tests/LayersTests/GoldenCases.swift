import TestSupport
import Testing

/// Which cases of layers.safetensors are tried by which test.
enum GoldenCases {
  static let convolutions = [
    "conv1.n2h7w5i5o16", "conv1.n3h1w1i16o3", "conv1.n1h9w6i19o5", "conv3.n2h7w5i5o16", "conv3.n3h4w4i16o16",
    "conv3.n4h1w1i3o5", "conv3.n1h9w6i19o16", "conv3.n2h8w8i16o19", "conv3.n1h13w2i3o3", "conv3.n1h2w3i5o3",
    "conv7.n2h12w16i3o8", "conv7.n1h9w7i3o5", "conv7.n1h4w4i3o16",
  ]
  static let trainedNorms = ["norm.train", "norm.train_two_values", "norm.train_offset", "norm_relu.train"]
  static let evaluatedNorms = ["norm.eval", "norm_relu.eval"]
  static let poolings = ["maxpool", "maxpool_ties"]
  static let upsamplings = ["upsample_add"]
  static let resizings = ["resize.by4", "resize.by3p2", "resize.by1", "resize.up"]
  static let modules = ["residual.same", "residual.skip", "hourglass.depth1", "hourglass.depth2"]
  static let updateRules = ["rmsprop", "adam"]
  static let clippings = ["clip.shortens", "clip.leaves"]
  static let losses = ["losses.mean", "losses.sum"]
  static let balances = ["balance"]

  static let tested = [
    convolutions, trainedNorms, evaluatedNorms, poolings, upsamplings, resizings, modules, updateRules, clippings,
    losses, balances,
  ].flatMap { $0 }
}

/// That no case and no tensor of the file is forgotten.
@Suite struct GoldenCasesTests {
  @Test func everyCaseIsTested() throws {
    #expect(try Set(GoldenCase.all()) == Set(GoldenCases.tested))
    #expect(GoldenCases.tested.count == Set(GoldenCases.tested).count)
  }

  @Test func everyTensorBelongsToACase() throws {
    let strays = try Golden("layers").names.filter { name in
      !GoldenCases.tested.contains { name.hasPrefix($0 + ".") }
    }
    #expect(strays.isEmpty)
  }
}
