import Kernels
import Tensors
import TestSupport
import Testing

/// What planning means for a kernel: nothing that it has to know.
@Suite struct KernelContextTests {
  private func context() -> KernelContext { Workbench().context() }

  /// A kernel as anybody may write one: it allocates, computes inside `perform`, releases.
  private func negate(_ x: Tensor, _ context: KernelContext) -> Tensor {
    let out = context.arena.allocate(x.shape)
    let copy = context.arena.allocate(x.shape)
    let bytes = x.count * MemoryLayout<Real>.stride
    context.perform(
      KernelOperation("negation", x.shape, multiplications: Double(x.count), numbers: 2 * x.count), scratch: bytes
    ) { workers in
      workers.run(x.shape.n) { image, thread in
        let (from, to, room) = (x.image(image), out.image(image), workers.scratch(thread))
        for i in 0..<from.count { room[i] = -from.pointer[i] }
        to.pointer.update(from: room, count: to.count)
      }
    }
    context.arena.release(copy)
    return out
  }

  /// Were it run, it would read where there is no memory.
  @Test func aKernelIsPlannedWithoutBeingRun() {
    let context = context()
    let shape = Shape(n: 3, h: 200, w: 20, c: 10)
    context.arena.plan { _ = negate(.shapeOnly(shape), context) }
    #expect(context.plannedMultiplications == 120_000)
    #expect(context.arena.byteCount == 2 * shape.count * MemoryLayout<Real>.stride)
    var random = CounterRandom(seed: 1, purpose: "negation")
    let x = OwnedTensor(shape, &random)
    let values = context.arena.run { negate(x.tensor, context).values.map { Double($0) } }
    #expect(values == x.values.map { -$0 })
  }

  @Test func aPlannedResultIsTheOneGiven() {
    let context = context()
    var results: [Int] = []
    let computation = { results.append(context.perform(whilePlanning: 7) { _ in 11 }) }
    context.arena.plan(computation)
    context.arena.run(computation)
    #expect(results == [7, 11])
  }

  /// Every operation there is, planned with tensors that have no memory: none touches a value.
  @Test(arguments: ConvolutionAlgorithm.allCases)
  func operationsTouchNoValueWhilePlanning(_ algorithm: ConvolutionAlgorithm) {
    let context = Workbench(convolution: algorithm).context()
    let shape = Shape(n: 2, h: 8, w: 8, c: 16)
    let (x, half) = (Tensor.shapeOnly(shape), Tensor.shapeOnly(shape.with(h: 4, w: 4)))
    let place = x.pointer
    let parameter = ParameterGradient(values: place, scale: 1, keep: false)
    context.arena.plan {
      _ = context.maxPool(x, into: half, gathers: true).map(context.moments)
      context.maxPoolBackward(x, half, addTo: x)
      _ = context.upsampleAdd(x, half, into: x, gathers: true).map(context.moments)
      context.upsampleAddBackward(x, into: half)
      context.clear(x)
      context.add(x, times: 2, to: x)
      context.add(.plain(x), to: x)
      context.copyChannels(x, into: x, at: 0)
      context.extractChannels(x, at: 0, into: x)
      context.resizeBilinear(x, into: half)
      let mask = Tensor.shapeOnly(Shape(n: 2, h: 1, w: 1, c: 16))
      #expect(context.squaredError(x, x, mask: mask, gradient: x, scale: 1, keep: false) == 0)
      let view = context.normalize(x, mean: place, variance: place, weight: place, bias: place, epsilon: 1e-5)
      for kernel in [1, 3, 7] {
        let geometry = ConvolutionGeometry(kernel: kernel, stride: 1, padding: kernel / 2)
        let sums = context.convolve(.normalized(view), geometry, weights: place, into: x, Epilogue(gathers: true))
        _ = sums.map(context.moments)
        let partials = context.convolveBackward(
          .normalized(view), .plain(x), geometry, weights: place, into: x, Epilogue(gate: view, gathers: true),
          ConvolutionGradient(weights: parameter, bias: parameter))
        let gradient = context.normalizeBackward(
          x, partials!, of: view, weight: place, weightGradient: parameter, biasGradient: parameter)
        _ = context.materialize(gradient, into: x, gathers: false)
        _ = context.apply(Epilogue(bias: place, gathers: true), to: x)
      }
    }
    #expect(context.plannedMultiplications > 0)
  }
}
