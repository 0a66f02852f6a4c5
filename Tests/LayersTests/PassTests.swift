import Kernels
import Layers
import PoseModels
import Tensors
import TestSupport
import Testing

/// What passes promise to a trainer: where gradients go, when, and that passes do not touch each other.
@Suite struct PassTests {
  private let configuration = HourglassConfiguration(
    stacks: 2, modules: 1, features: 8, depth: 1, stem: [5, 6])
  private let shape = Shape(n: 2, h: 6, w: 8, c: 4)

  private func network(_ seed: UInt64) -> (StackedHourglass, ParameterStore) {
    let store = ParameterStore()
    let network = StackedHourglass(store, configuration, joints: 3, input: .maps(channels: shape.c))
    store.layOut()
    var random = CounterRandom(seed: seed, purpose: "pass")
    store.randomize(&random)
    return (network, store)
  }

  /// Forward and backward with the outputs themselves as their gradients, in two halves.
  private func forward(_ network: StackedHourglass, _ input: OwnedTensor, _ pass: Pass) {
    network.forward(input.tensor, pass)
    pass.outputGradients = pass.outputs
  }

  @Test func gradientsAreScaledAddedOrLeftOut() {
    let (network, store) = network(1)
    var random = CounterRandom(seed: 2, purpose: "pass")
    let input = OwnedTensor(shape, &random)
    let run = { (before: [Double], target: (UnsafeMutablePointer<Real>) -> Pass.GradientTarget?) -> [[Double]] in
      let block = OwnedTensor(.channels(store.count), before)
      let dx = Workbench().run { context in
        let pass = Pass(context, store, .training)
        pass.gradientTarget = target(block.pointer)
        forward(network, input, pass)
        return [network.backward(pass, wantsInput: true)!]
      }
      return dx + [block.values]
    }
    let before = OwnedTensor(.channels(store.count), &random).values
    let plain = run(before.map { _ in .nan }, { Pass.GradientTarget(block: $0) })
    let scaled = run(before, { Pass.GradientTarget(block: $0, scale: -0.5, keep: true) })
    let none = run(before, { _ in nil })
    #expect(sameBits([plain[0]], [scaled[0]]) && sameBits([plain[0]], [none[0]]))
    #expect(none[1] == before)
    for (gradient, (old, new)) in zip(store.named(plain[1]), zip(store.named(before), store.named(scaled[1]))) {
      let expected = zip(old.values, gradient.values).map { $0 - 0.5 * $1 }
      #expect(largestError(new.values, expected) <= 2 * Double(Real.ulpOfOne), "\(gradient.name)")
    }
  }

  /// Each parameter is finished once, and in the planned order finished gradients are a growing part of the block.
  @Test func gradientsAreReadyInTheOrderOfTheBlock() {
    let store = ParameterStore()
    let network = StackedHourglass(store, configuration, joints: 3, input: .maps(channels: shape.c))
    var random = CounterRandom(seed: 3, purpose: "pass")
    let input = OwnedTensor(shape, &random)
    let context = Workbench().context()
    let pass = Pass(context, store, .training)
    let computation = {
      forward(network, input, pass)
      _ = network.backward(pass, wantsInput: false)
    }
    // While planning nothing is written; but whether gradients are wanted is part of the plan.
    pass.gradientTarget = Pass.GradientTarget(block: store.values.pointer)
    context.arena.plan(computation)
    #expect(pass.readyOrder.count == store.parameters.count && Set(pass.readyOrder).count == pass.readyOrder.count)
    store.layOut(order: pass.readyOrder)
    store.initialize(seed: 1, network: "network")

    let block = OwnedTensor(.channels(store.count), filledWith: .nan)
    pass.gradientTarget = Pass.GradientTarget(block: block.pointer)
    var ends: [Int] = []
    var early = 0
    pass.onGradientReady = { end in
      if block.values[..<end].enumerated().contains(where: { $1.isNaN && store.isParameter($0) }) { early += 1 }
      ends.append(end)
    }
    context.arena.run(computation)
    #expect(ends == ends.sorted() && Set(ends).count == store.parameters.count && ends.last == store.count)
    #expect(early == 0, "gradients that were called ready before they were written")
  }

  /// Two passes of one network within one step, as the discriminator runs on real and on fake heatmaps.
  @Test func passesDoNotTouchEachOther() {
    let (network, store) = network(4)
    var random = CounterRandom(seed: 5, purpose: "pass")
    let inputs = [OwnedTensor(shape, &random), OwnedTensor(shape, &random)]
    let alone = inputs.map { input in
      Workbench().run { context in
        let pass = Pass(context, store, .training)
        forward(network, input, pass)
        return [network.backward(pass, wantsInput: true)!]
      }[0]
    }
    let together = Workbench().run { context in
      let passes = [Pass(context, store, .training), Pass(context, store, .training)]
      for (pass, input) in zip(passes, inputs) { forward(network, input, pass) }
      return passes.map { network.backward($0, wantsInput: true)! }
    }
    #expect(sameBits(together, alone))
  }

  /// A whole network's gradients are the same bits on any number of threads.
  @Test func threadsDoNotChangeANetwork() {
    let (network, store) = network(6)
    var random = CounterRandom(seed: 7, purpose: "pass")
    let input = OwnedTensor(Shape(n: 3, h: 16, w: 16, c: 4), &random)
    let results = (1...3).map { threads in
      let block = OwnedTensor(.channels(store.count))
      let dx = Workbench(threads: threads).run { context in
        let pass = Pass(context, store, .training)
        pass.gradientTarget = Pass.GradientTarget(block: block.pointer)
        forward(network, input, pass)
        return [network.backward(pass, wantsInput: true)!]
      }
      return dx + [block.values]
    }
    #expect(sameBits(results[1], results[0]) && sameBits(results[2], results[0]))
  }
}

extension ParameterStore {
  /// Whether a place of the block belongs to a parameter, not to the padding after one.
  fileprivate func isParameter(_ place: Int) -> Bool {
    parameters.contains { ($0.offset..<$0.offset + $0.count).contains(place) }
  }
}
