import Kernels
import Layers
import Tensors
import TestSupport
import Testing

/// Batch normalisation, with and without ReLU, against PyTorch in float64.
@Suite struct GoldenNormTests {
  private func norm(_ golden: GoldenCase) throws -> (ParameterStore, BatchNorm2d) {
    let store = ParameterStore()
    let norm = BatchNorm2d(store, "norm", channels: try golden.shape("weight").c)
    store.layOut()
    try store.set { try golden.values(String($0.dropFirst(5))) }
    return (store, norm)
  }

  /// scale·x + shift of a view, without its ReLU.
  private func withoutReLU(_ view: Normalized, _ context: KernelContext) -> Tensor {
    let channels = view.tensor.shape.c
    let table = context.arena.allocate(Shape(n: 1, h: 1, w: 3, c: channels))
    context.perform { _ in
      for c in 0..<channels { table.pointer[c] = 0 }
      (table.pointer + channels).update(from: view.coefficients.pointer, count: 2 * channels)
    }
    return written(.gradient(view.tensor, of: view.tensor, coefficients: table), context)
  }

  private func written(_ operand: Operand, _ context: KernelContext) -> Tensor {
    let out = context.arena.allocate(operand.shape)
    _ = context.materialize(operand, into: out, gathers: false)
    return out
  }

  /// The view with a gate that lets everything pass.
  private func open(_ view: Normalized, _ context: KernelContext) -> Normalized {
    let channels = view.tensor.shape.c
    let table = context.arena.allocate(Shape(n: 1, h: 1, w: 4, c: channels))
    context.perform { _ in
      table.pointer.update(from: view.coefficients.pointer, count: 4 * channels)
      table.pointer.update(repeating: 0, count: channels)
      (table.pointer + channels).update(repeating: 1, count: channels)
    }
    return Normalized(tensor: view.tensor, coefficients: table)
  }

  @Test(arguments: GoldenCases.trainedNorms)
  func train(_ name: String) throws {
    let golden = try GoldenCase(name)
    let (store, norm) = try norm(golden)
    let (x, dy) = (try golden.tensor("input"), try golden.tensor("grad_output"))
    let channels = x.shape.c
    let hasReLU = name.hasPrefix("norm_relu")
    let gradients = OwnedTensor(.channels(store.count))
    let statistics = Buffer<Double>(count: store.statisticsCount)
    let results = Workbench().run { context in
      let pass = Pass(context, store, .training)
      pass.gradientTarget = Pass.GradientTarget(block: gradients.pointer)
      pass.batchStatistics = statistics.pointer
      let activation = context.activation(x)
      let view = norm.forward(activation, pass)
      let gradient = context.copy(dy)
      let sums = context.apply(Epilogue(gate: hasReLU ? view : open(view, context), gathers: true), to: gradient)!
      let dx = written(norm.backward((gradient, sums), view, pass), context)
      let y = hasReLU ? written(.normalized(view), context) : withoutReLU(view, context)
      return [y, dx, activation.moments!.tensor]
    }
    store.updateRunningStatistics(from: statistics.pointer, shards: 1)

    #expect(try golden.distance("output", results[0]) <= GoldenCase.tolerance)
    // Of two values nearly nothing passes: the gradient is what is left of parts a hundred thousand times its size.
    let cancels = name.hasSuffix("two_values") ? 1e5 : 1
    #expect(try golden.distance("grad_input", results[1]) <= cancels * GoldenCase.tolerance)
    #expect(try golden.distance("batch_mean", Array(results[2][..<channels])) <= GoldenCase.tolerance)
    #expect(try golden.distance("batch_variance", Array(results[2][channels...])) <= GoldenCase.tolerance)
    for (name, values) in store.named(gradients.values) {
      #expect(try golden.distance("grad_\(name.dropFirst(5))", values) <= GoldenCase.tolerance)
    }
    for (name, values) in store.namedStatistics {
      #expect(try golden.distance("\(name.dropFirst(5))_after", values) <= GoldenCase.tolerance)
    }
    #expect(golden.unread.isEmpty)
  }

  @Test(arguments: GoldenCases.evaluatedNorms)
  func evaluate(_ name: String) throws {
    let golden = try GoldenCase(name)
    let (store, norm) = try norm(golden)
    let x = try golden.tensor("input")
    let hasReLU = name.hasPrefix("norm_relu")
    let y = Workbench().run { context in
      let view = norm.forward(Activation(tensor: x.tensor, moments: nil), Pass(context, store, .evaluation))
      return [hasReLU ? written(.normalized(view), context) : withoutReLU(view, context)]
    }[0]
    #expect(try golden.distance("output", y) <= GoldenCase.tolerance)
    #expect(golden.unread.isEmpty)
  }
}
