import Kernels
import Layers
import Tensors
import TestSupport
import Testing

/// Layers with one and with three parameters, written outside of Layers, in a network with its own.
@Suite struct OwnLayerTests {
  private let shape = Shape(n: 2, h: 5, w: 6, c: 6)

  private func network(_ store: ParameterStore) -> Chain {
    Chain([
      ChannelScale(store, "first", channels: 6), Residual(store, "second", in: 6, out: 8),
      Parabola(store, "third", channels: 8), Residual(store, "fourth", in: 8, out: 8),
      ChannelScale(store, "fifth", channels: 8),
    ])
  }

  @Test(
    .enabled(if: MemoryLayout<Real>.size == 8, "differences of Floats say nothing: EQUIPOISE_PRECISION=double"),
    arguments: ConvolutionAlgorithm.allCases)
  func gradientsAreDerivatives(_ algorithm: ConvolutionAlgorithm) {
    let store = ParameterStore()
    let network = network(store)
    store.layOut()
    var random = CounterRandom(seed: 10, purpose: "own layers")
    store.randomize(&random)
    let run = DifferentiableRun(
      store: store, input: OwnedTensor(shape, &random), bench: Workbench(convolution: algorithm),
      forward: { [network.forward($0, $1).tensor] }, backward: { network.backward($0[0], $1) })
    for inputAlone in [false, true] {
      let error = run.worstError(directions: 4, step: DifferenceTests.step, inputAlone: inputAlone)
      #expect(error <= DifferenceTests.tolerance)
    }
  }

  /// Where a parameter's gradient goes, and how it is scaled and added, is the pass's business for any layer.
  @Test func gradientsAreScaledAndAdded() {
    let store = ParameterStore()
    let layer = ChannelScale(store, "layer", channels: 6)
    store.layOut()
    var random = CounterRandom(seed: 11, purpose: "own layers")
    store.randomize(&random)
    let (x, dy) = (OwnedTensor(shape, &random), OwnedTensor(shape, &random))
    let block = OwnedTensor(.channels(store.count), filledWith: 3)
    _ = Workbench().run { context in
      let pass = Pass(context, store, .training)
      pass.gradientTarget = Pass.GradientTarget(block: block.pointer, scale: -0.5, keep: true)
      _ = layer.forward(context.activation(x), pass)
      return [layer.backward(context.copy(dy), pass)]
    }
    for c in 0..<6 {
      let sum = stride(from: c, to: shape.count, by: 6).reduce(0) { $0 + x.values[$1] * dy.values[$1] }
      #expect(abs(block.values[c] - (3 - 0.5 * sum)) <= GoldenCase.tolerance * abs(sum) + GoldenCase.tolerance)
    }
  }

  /// Every parameter is finished once, in the order of the block, and shown under the name its layer gave it.
  @Test func everyParameterIsFinishedAndShown() {
    let store = ParameterStore()
    let network = network(store)
    var random = CounterRandom(seed: 12, purpose: "own layers")
    let input = OwnedTensor(shape, &random)
    let context = Workbench().context()
    let pass = Pass(context, store, .training)
    let computation = {
      let output = network.forward(context.activation(input), pass)
      _ = network.backward(output.tensor, pass)
    }
    pass.gradientTarget = Pass.GradientTarget(block: store.values.pointer)
    context.arena.plan(computation)
    #expect(pass.readyOrder.count == store.parameters.count && Set(pass.readyOrder).count == pass.readyOrder.count)
    store.layOut(order: pass.readyOrder)
    store.initialize(seed: 1, network: "network")

    let block = OwnedTensor(.channels(store.count))
    pass.gradientTarget = Pass.GradientTarget(block: block.pointer)
    var ends: [Int] = []
    var shown: [String] = []
    pass.onGradientReady = { ends.append($0) }
    pass.inspector = { written in
      if case .parameterGradient(let parameter) = written.role { shown.append("\(written.layer).\(parameter)") }
    }
    context.arena.run(computation)
    #expect(ends == ends.sorted() && Set(ends).count == store.parameters.count && ends.last == store.count)
    #expect(shown == store.parameters.sorted { $0.offset < $1.offset }.map(\.name))
    #expect(shown.first == "fifth.scale" && shown.contains("third.curvature"))
  }

  @Test func parametersStartAsDeclared() {
    let store = ParameterStore()
    _ = network(store)
    store.layOut()
    store.initialize(seed: 1, network: "network")
    for (name, values) in store.named((0..<store.count).map { Double(store.values.pointer[$0]) }) {
      switch name {
      case "first.scale": #expect(values == Array(repeating: 1, count: 6))
      case "third.curvature": #expect(values == [0.25])
      case "third.slope": #expect(Set(values).count == 8 && values.allSatisfy { abs($0) <= 1 })
      default: break
      }
    }
  }

  @Test func aNameWithoutALayerEnds() async {
    await #expect(processExitsWith: .failure) {
      _ = ParameterStore().declare("scale", shape: [1], .constant(1))
    }
  }
}
