import Kernels
import Layers
import PoseModels
import Tensors
import TestSupport
import Testing

/// Hand-written backward passes against central differences, which only the double build can resolve.
@Suite(
  .enabled(if: MemoryLayout<Real>.size == 8, "differences of Floats say nothing: build with EQUIPOISE_PRECISION=double")
)
struct DifferenceTests {
  /// Reached: 2e-8, most of it rounding.
  static let tolerance = 2e-7
  /// A larger step meets the kinks of ReLU and of the maximum: at 1e-6 one direction in a hundred does.
  static let step = 1e-7

  private func layer(_ layer: any Layer, _ store: ParameterStore, _ shape: Shape, _ bench: Workbench)
    -> DifferentiableRun
  {
    var random = CounterRandom(seed: 10, purpose: "differences")
    store.layOut()
    store.randomize(&random)
    return DifferentiableRun(
      store: store, input: OwnedTensor(shape, &random), bench: bench, forward: { [layer.forward($0, $1).tensor] },
      backward: { layer.backward($0[0], $1) })
  }

  @Test(arguments: [(8, 8), (6, 12), (5, 18)], ConvolutionAlgorithm.allCases)
  func residual(_ channels: (Int, Int), _ algorithm: ConvolutionAlgorithm) {
    let store = ParameterStore()
    let run = layer(
      Residual(store, "m", in: channels.0, out: channels.1), store, Shape(n: 2, h: 5, w: 6, c: channels.0),
      Workbench(convolution: algorithm))
    #expect(run.worstError(directions: 4, step: Self.step) <= Self.tolerance)
    #expect(run.worstError(directions: 4, step: Self.step, inputAlone: true) <= Self.tolerance)
  }

  @Test(arguments: ConvolutionAlgorithm.allCases)
  func hourglass(_ algorithm: ConvolutionAlgorithm) {
    let store = ParameterStore()
    let run = layer(
      Hourglass(store, "m", depth: 2, features: 6, modules: 2), store, Shape(n: 2, h: 8, w: 12, c: 6),
      Workbench(convolution: algorithm))
    #expect(run.worstError(directions: 4, step: Self.step) <= Self.tolerance)
    #expect(run.worstError(directions: 4, step: Self.step, inputAlone: true) <= Self.tolerance)
  }

  @Test(arguments: ConvolutionAlgorithm.allCases)
  func stackedHourglass(_ algorithm: ConvolutionAlgorithm) {
    let configuration = HourglassConfiguration(stacks: 2, modules: 1, features: 8, depth: 1, stem: [5, 6])
    for (kind, shape) in [
      (StackedHourglass.Input.photograph, Shape(n: 2, h: 24, w: 16, c: 3)),
      (.maps(channels: 4), Shape(n: 2, h: 6, w: 8, c: 4)),
    ] {
      let store = ParameterStore()
      let network = StackedHourglass(store, configuration, joints: 3, input: kind)
      store.layOut()
      var random = CounterRandom(seed: 10, purpose: "differences")
      store.randomize(&random)
      var seesMaps = false
      if case .maps = kind { seesMaps = true }
      let run = DifferentiableRun(
        store: store, input: OwnedTensor(shape, &random), bench: Workbench(convolution: algorithm),
        forward: { input, pass in
          network.forward(input.tensor, pass)
          return pass.outputs
        },
        backward: { [seesMaps] gradients, pass in
          pass.outputGradients = gradients
          return network.backward(pass, wantsInput: seesMaps)
        })
      #expect(run.worstError(directions: 4, step: Self.step) <= Self.tolerance)
      if seesMaps { #expect(run.worstError(directions: 4, step: Self.step, inputAlone: true) <= Self.tolerance) }
    }
  }

  @Test(arguments: [1, 2], ConvolutionAlgorithm.allCases)
  func discriminator(_ stacks: Int, _ algorithm: ConvolutionAlgorithm) {
    let configuration = HourglassConfiguration(
      stacks: stacks, modules: 1, features: 8, depth: 2, stem: [5, 6])
    let store = ParameterStore()
    let network = Discriminator(store, configuration, joints: 3)
    store.layOut()
    var random = CounterRandom(seed: 10, purpose: "differences")
    store.randomize(&random)
    let images = OwnedTensor(Shape(n: 2, h: 32, w: 32, c: 3), &random)
    let run = DifferentiableRun(
      store: store, input: OwnedTensor(Shape(n: 2, h: 8, w: 8, c: 3), &random),
      bench: Workbench(convolution: algorithm),
      forward: { [network.forward($0.tensor, images.tensor, $1)] },
      backward: { network.backward($0[0], $1, wantsHeatmaps: true) })
    #expect(run.worstError(directions: 4, step: Self.step) <= Self.tolerance)
    #expect(run.worstError(directions: 4, step: Self.step, inputAlone: true) <= Self.tolerance)
  }
}
