import Kernels
import Tensors
import TestSupport
import Testing

/// The masked squared error and its gradient against their definition.
@Suite struct SquaredErrorTests {
  static let shapes = [
    Shape(n: 1, h: 1, w: 1, c: 1), Shape(n: 3, h: 4, w: 5, c: 3), Shape(n: 2, h: 7, w: 3, c: 16),
    Shape(n: 2, h: 5, w: 5, c: 19), Shape(n: 4, h: 2, w: 9, c: 33),
  ]

  /// Each square is rounded as a `Real`; the sum is in Double.
  static let bound = MemoryLayout<Real>.size == 8 ? 1e-13 : 1e-7

  @Test(arguments: shapes, KernelLevel.names)
  func maskedSumAndGradient(_ shape: Shape, _ name: String) {
    guard let level = KernelLevel(named: name) else { return }
    var random = CounterRandom(seed: 1, purpose: "squared error")
    let (a, b) = (OwnedTensor(shape, &random), OwnedTensor(shape, &random))
    let bits = (0..<shape.n * shape.c).map { _ in Double(random.integer(below: 2)) }
    let ones = bits.map { _ in 1.0 }
    let zeros = bits.map { _ in 0.0 }
    for (mask, keeps) in [(bits, false), (bits, true), (ones, false), (zeros, true), (zeros, false)] {
      let owned = OwnedTensor(Shape(n: shape.n, h: 1, w: 1, c: shape.c), mask)
      let before = OwnedTensor(shape, &random).values
      let gradient = OwnedTensor(shape, keeps ? before : before.map { _ in .nan })
      let weight = { (i: Int) in mask[i / (shape.h * shape.w * shape.c) * shape.c + i % shape.c] }
      let differences = zip(a.values, b.values).enumerated().map { weight($0) * ($1.0 - $1.1) }
      let expectedSum = differences.reduce(0) { $0 + $1 * $1 }
      let expected = differences.indices.map { (keeps ? before[$0] : 0) - 0.75 * differences[$0] }

      var (sum, alone) = (0.0, 0.0)
      _ = Workbench(level: level).run { context in
        sum = context.squaredError(
          a.tensor, b.tensor, mask: owned.tensor, gradient: gradient.tensor, scale: -0.75, keep: keeps)
        alone = context.squaredError(a.tensor, b.tensor, mask: owned.tensor, gradient: nil, scale: 1, keep: false)
        return []
      }
      #expect(abs(sum - expectedSum) <= Self.bound * expectedSum)
      #expect(sum == alone)
      #expect(largestError(gradient.values, expected) <= 2 * Double(Real.ulpOfOne))
      #expect(gradient.marginsAreIntact && owned.marginsAreIntact)
    }
  }
}
