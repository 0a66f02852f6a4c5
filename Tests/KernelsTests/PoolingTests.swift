import Kernels
import Tensors
import TestSupport
import Testing

/// Halving and doubling of maps against their definitions.
@Suite struct PoolingTests {
  /// N×H×W×C of a result or of the smaller map: one pixel, odd sizes, channels beside the vectors' length.
  static let halves: [Shape] = [
    Shape(n: 1, h: 1, w: 1, c: 1), Shape(n: 2, h: 3, w: 5, c: 3), Shape(n: 3, h: 2, w: 1, c: 16),
    Shape(n: 1, h: 7, w: 4, c: 19), Shape(n: 2, h: 9, w: 6, c: 33), Shape(n: 4, h: 40, w: 3, c: 5),
  ]

  private func double(_ shape: Shape) -> Shape { shape.with(h: 2 * shape.h, w: 2 * shape.w) }

  /// The four pixels of a window in reading order, by index into the larger map.
  private func window(_ half: Shape, _ index: Int) -> [Int] {
    let c = index % half.c
    let (x, y) = (index / half.c % half.w, index / half.c / half.w % half.h)
    let image = index / half.c / half.w / half.h
    return [(0, 0), (0, 1), (1, 0), (1, 1)].map { dy, dx in
      (((image * 2 * half.h) + 2 * y + dy) * 2 * half.w + 2 * x + dx) * half.c + c
    }
  }

  /// Few different values, so that most windows have their largest more than once.
  private func withTies(_ shape: Shape, _ random: inout CounterRandom) -> OwnedTensor {
    OwnedTensor(shape, (0..<shape.count).map { _ in Double(random.integer(below: 3) - 1) })
  }

  @Test(arguments: halves, KernelLevel.names)
  func maxPool(_ half: Shape, _ name: String) throws {
    guard let level = KernelLevel(named: name) else { return }
    var random = CounterRandom(seed: 1, purpose: "max pool")
    for x in [OwnedTensor(double(half), &random), withTies(double(half), &random)] {
      let values = x.values
      let dy = OwnedTensor(half, &random)
      let dx = OwnedTensor(x.shape, &random)
      var expected = dx.values
      for (i, gradient) in dy.values.enumerated() {
        let window = window(half, i)
        let largest = window.map { values[$0] }.max()!
        let first = window.first { values[$0] == largest }!
        expected[first] = Double(Real(expected[first]) + Real(gradient))
      }
      let pooled = OwnedTensor(half, filledWith: .nan)
      let moments = Workbench(level: level).run { context in
        let partials = context.maxPool(x.tensor, into: pooled.tensor, gathers: true)
        context.maxPoolBackward(x.tensor, dy.tensor, addTo: dx.tensor)
        return [context.moments(partials!).tensor]
      }
      #expect(pooled.values == pooled.values.indices.map { window(half, $0).map { values[$0] }.max()! })
      #expect(dx.values == expected)
      #expect(TestEpilogue([.sums], half, &random).gatheredError(moments, pooled.values) <= ConvolutionTests.sumBound)
      #expect(pooled.marginsAreIntact && dx.marginsAreIntact && x.marginsAreIntact)
    }
  }

  @Test(arguments: halves, KernelLevel.names)
  func upsampleAdd(_ half: Shape, _ name: String) throws {
    guard let level = KernelLevel(named: name) else { return }
    var random = CounterRandom(seed: 1, purpose: "upsample")
    let (up, low) = (OwnedTensor(double(half), &random), OwnedTensor(half, &random))
    var expected = up.values
    for (i, value) in low.values.enumerated() {
      for pixel in window(half, i) { expected[pixel] = Double(Real(expected[pixel]) + Real(value)) }
    }
    let out = OwnedTensor(up.shape, filledWith: .nan)
    let moments = Workbench(level: level).run { context in
      [context.moments(context.upsampleAdd(up.tensor, low.tensor, into: out.tensor, gathers: true)!).tensor]
    }
    #expect(out.values == expected)
    #expect(TestEpilogue([.sums], up.shape, &random).gatheredError(moments, out.values) <= ConvolutionTests.sumBound)
    #expect(out.marginsAreIntact)
  }

  @Test(arguments: halves, KernelLevel.names)
  func upsampleAddBackward(_ half: Shape, _ name: String) throws {
    guard let level = KernelLevel(named: name) else { return }
    var random = CounterRandom(seed: 1, purpose: "downsample")
    let dy = OwnedTensor(double(half), &random)
    let values = dy.values
    let expected = (0..<half.count).map { window(half, $0).reduce(0) { $0 + values[$1] } }
    let low = OwnedTensor(half, filledWith: .nan)
    _ = Workbench(level: level).run { context in
      context.upsampleAddBackward(dy.tensor, into: low.tensor)
      return []
    }
    #expect(largestError(low.values, expected) <= Double(Real.ulpOfOne))
    #expect(low.marginsAreIntact)
  }
}
