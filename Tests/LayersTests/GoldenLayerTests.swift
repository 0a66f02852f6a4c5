import Kernels
import Layers
import PoseModels
import Tensors
import TestSupport
import Testing

/// Single layers against PyTorch in float64: results, all gradients, and running statistics.
@Suite struct GoldenLayerTests {
  static let tolerance = GoldenCase.tolerance

  @Test(arguments: GoldenCases.convolutions, ConvolutionAlgorithm.allCases)
  func convolution(_ name: String, _ algorithm: ConvolutionAlgorithm) throws {
    let golden = try GoldenCase(name)
    let x = try golden.tensor("input")
    let dy = try golden.tensor("grad_output")
    let kernel = Int(String(name.dropFirst(4).prefix(1)))!
    let store = ParameterStore()
    let conv = Conv2d(
      store, "conv", in: x.shape.c, out: dy.shape.c, kernel: kernel, stride: Int(try golden.scalar("stride")),
      padding: Int(try golden.scalar("padding")))
    store.layOut()
    try store.set { try golden.values(String($0.dropFirst(5))) }
    let gradients = OwnedTensor(.channels(store.count))
    // No step asks for the gradient of a photograph.
    let wantsInput = kernel < 7
    let results = Workbench(convolution: algorithm).run { context in
      let pass = Pass(context, store, .training)
      pass.gradientTarget = Pass.GradientTarget(block: gradients.pointer)
      let y = conv.forward(.plain(x.tensor), pass)
      let dx = conv.backward(.plain(x.tensor), .plain(dy.tensor), pass, wantsInput: wantsInput)
      return [y.tensor] + (dx.map { [$0] } ?? [])
    }
    #expect(try golden.distance("output", results[0]) <= Self.tolerance)
    if wantsInput {
      #expect(try golden.distance("grad_input", results[1]) <= Self.tolerance)
    } else {
      golden.leaveOut("grad_input")
    }
    for (name, values) in store.named(gradients.values) {
      #expect(try golden.distance("grad_\(name.dropFirst(5))", values) <= Self.tolerance)
    }
    #expect(golden.unread.isEmpty)
  }

  @Test(arguments: GoldenCases.poolings)
  func maxPool(_ name: String) throws {
    let golden = try GoldenCase(name)
    let (x, dy) = (try golden.tensor("input"), try golden.tensor("grad_output"))
    let (y, dx) = (OwnedTensor(dy.shape), OwnedTensor(x.shape))
    _ = Workbench().run { context in
      _ = context.maxPool(x.tensor, into: y.tensor, gathers: false)
      context.maxPoolBackward(x.tensor, dy.tensor, addTo: dx.tensor)
      return []
    }
    #expect(try golden.distance("output", y.values) <= Self.tolerance)
    #expect(try golden.distance("grad_input", dx.values) <= Self.tolerance)
    #expect(golden.unread.isEmpty)
  }

  @Test(arguments: GoldenCases.upsamplings)
  func upsampleAdd(_ name: String) throws {
    let golden = try GoldenCase(name)
    let (upper, lower) = (try golden.tensor("upper"), try golden.tensor("lower"))
    let dy = try golden.tensor("grad_output")
    let (y, dLower) = (OwnedTensor(dy.shape), OwnedTensor(lower.shape))
    _ = Workbench().run { context in
      _ = context.upsampleAdd(upper.tensor, lower.tensor, into: y.tensor, gathers: false)
      context.upsampleAddBackward(dy.tensor, into: dLower.tensor)
      return []
    }
    #expect(try golden.distance("output", y.values) <= Self.tolerance)
    #expect(try golden.distance("grad_lower", dLower.values) <= Self.tolerance)
    // The engine hands the gradient on to the upper branch as it is.
    #expect(try golden.distance("grad_upper", dy.values) <= Self.tolerance)
    #expect(golden.unread.isEmpty)
  }

  @Test(arguments: GoldenCases.resizings)
  func resize(_ name: String) throws {
    let golden = try GoldenCase(name)
    let x = try golden.tensor("input")
    let y = OwnedTensor(try golden.shape("output"))
    _ = Workbench().run { context in
      context.resizeBilinear(x.tensor, into: y.tensor)
      return []
    }
    #expect(try golden.distance("output", y.values) <= Self.tolerance)
    // Photographs get no gradient.
    golden.leaveOut("grad_output")
    golden.leaveOut("grad_input")
    #expect(golden.unread.isEmpty)
  }

  @Test(arguments: GoldenCases.modules, ConvolutionAlgorithm.allCases)
  func module(_ name: String, _ algorithm: ConvolutionAlgorithm) throws {
    let golden = try GoldenCase(name)
    let run = LayerRun { store in
      switch name {
      case "residual.same": Residual(store, "m", in: 8, out: 8)
      case "residual.skip": Residual(store, "m", in: 6, out: 12)
      case "hourglass.depth1": Hourglass(store, "m", depth: 1, features: 4, modules: 2)
      default: Hourglass(store, "m", depth: 2, features: 8, modules: 1)
      }
    }
    try run.store.set { try golden.values("initial\($0.dropFirst())") }
    let bench = Workbench(convolution: algorithm)
    let x = try golden.tensor("input")
    #expect(try golden.distance("output_eval", run.evaluate(x, bench)) <= Self.tolerance)

    let trained = run.train(x, try golden.tensor("grad_output"), bench)
    #expect(try golden.distance("output", trained.output) <= Self.tolerance)
    #expect(try golden.distance("grad_input", trained.inputGradient) <= Self.tolerance)
    // Some biases have no gradient but rounding errors: those count against the gradients beside them.
    let named = run.store.named(trained.gradients)
    let norms = try named.map { norm(try golden.values("grad\($0.name.dropFirst())")) }
    let typical = norms.sorted()[norms.count / 2]
    for ((name, values), size) in zip(named, norms) {
      let expected = try golden.values("grad\(name.dropFirst())")
      let error = norm(zip(values, expected).map { $0 - $1 }) / max(size, 1e-6 * typical)
      let isNoise = size < 1e-6 * typical
      #expect(isNoise ? error * 1e-6 <= Self.tolerance : error <= Self.tolerance, "\(name)")
    }
    for (name, values) in run.store.namedStatistics {
      #expect(try golden.distance("after\(name.dropFirst())", values) <= Self.tolerance, "\(name)")
    }
    #expect(golden.unread.isEmpty)
  }

  private func norm(_ values: [Double]) -> Double { values.reduce(0) { $0 + $1 * $1 }.squareRoot() }
}
