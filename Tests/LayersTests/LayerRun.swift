import Kernels
import Layers
import Tensors
import TestSupport

/// One layer in a store of its own.
final class LayerRun {
  let store = ParameterStore()
  private let layer: any Layer

  init(_ make: (ParameterStore) -> any Layer) {
    layer = make(store)
    store.layOut()
  }

  struct Trained {
    let output: [Double]
    let inputGradient: [Double]
    /// In the parameters' layout.
    let gradients: [Double]
  }

  /// Forward and backward by the batch's statistics; the running ones take these in.
  func train(_ x: OwnedTensor, _ gradient: OwnedTensor, _ bench: Workbench) -> Trained {
    let block = OwnedTensor(.channels(store.count))
    let statistics = Buffer<Double>(count: store.statisticsCount)
    let results = bench.run { context in
      let pass = Pass(context, store, .training)
      pass.gradientTarget = Pass.GradientTarget(block: block.pointer)
      pass.batchStatistics = statistics.pointer
      let output = layer.forward(context.activation(x), pass)
      return [output.tensor, layer.backward(context.copy(gradient), pass)]
    }
    store.updateRunningStatistics(from: statistics.pointer, shards: 1)
    return Trained(output: results[0], inputGradient: results[1], gradients: block.values)
  }

  /// Forward by the running statistics.
  func evaluate(_ x: OwnedTensor, _ bench: Workbench) -> [Double] {
    bench.run { context in
      [layer.forward(Activation(tensor: x.tensor, moments: nil), Pass(context, store, .evaluation)).tensor]
    }[0]
  }
}
