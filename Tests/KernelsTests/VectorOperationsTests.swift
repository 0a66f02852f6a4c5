import Kernels
import Tensors
import TestSupport
import Testing

/// Norms and update rules against their definitions, with lengths beside vectors and beside pieces.
@Suite struct VectorOperationsTests {
  static let counts = [1, 7, 16, 65_536, 70_001]
  /// Of an updated value, as a part of the largest.
  static let bound = 4 * Double(Real.ulpOfOne)

  private func vectors(_ name: String) -> VectorOperations? {
    KernelLevel(named: name).map { VectorOperations(pool: ThreadPool(threads: 1), level: $0) }
  }

  @Test(arguments: counts, KernelLevel.names)
  func norm(_ count: Int, _ name: String) throws {
    guard let vectors = vectors(name) else { return }
    var random = CounterRandom(seed: 1, purpose: "norm")
    let x = OwnedTensor(.channels(count), &random)
    let expected = x.values.reduce(0) { $0 + $1 * $1 }.squareRoot()
    #expect(abs(vectors.norm(x.pointer, count: count) - expected) <= 1e-13 * expected)
    for bad in [Real.nan, .infinity, -.infinity] {
      x.pointer[count - 1] = bad
      #expect(!vectors.norm(x.pointer, count: count).isFinite)
    }
  }

  @Test(arguments: counts, KernelLevel.names)
  func rmsprop(_ count: Int, _ name: String) throws {
    guard let vectors = vectors(name) else { return }
    var random = CounterRandom(seed: 1, purpose: "rmsprop")
    let (p, s, g) = parametersMomentGradient(count, &random)
    let (clip, rate, alpha, epsilon) = (0.6, 0.03, 0.95, 1e-4)
    var (expectedP, expectedS) = (p.values, s.values)
    for (i, gradient) in g.values.enumerated() {
      let clipped = clip * gradient
      expectedS[i] = alpha * expectedS[i] + (1 - alpha) * clipped * clipped
      expectedP[i] -= rate * clipped / (expectedS[i].squareRoot() + epsilon)
    }
    vectors.rmsprop(
      parameters: p.pointer, squareAverage: s.pointer, gradient: g.pointer, count: count, clip: clip,
      learningRate: rate, alpha: alpha, epsilon: epsilon)
    #expect(largestError(s.values, expectedS) <= Self.bound)
    #expect(largestError(p.values, expectedP) <= Self.bound)
    #expect(p.marginsAreIntact && s.marginsAreIntact && g.marginsAreIntact)
  }

  @Test(arguments: counts, KernelLevel.names)
  func adam(_ count: Int, _ name: String) throws {
    guard let vectors = vectors(name) else { return }
    var random = CounterRandom(seed: 1, purpose: "adam")
    let (p, v, g) = parametersMomentGradient(count, &random)
    let m = OwnedTensor(.channels(count), &random)
    let (clip, rate, beta1, beta2, epsilon) = (0.6, 0.03, 0.8, 0.99, 1e-4)
    let (first, second) = (1 - beta1 * beta1, 1 - beta2 * beta2)
    var (expectedP, expectedM, expectedV) = (p.values, m.values, v.values)
    for (i, gradient) in g.values.enumerated() {
      let clipped = clip * gradient
      expectedM[i] = beta1 * expectedM[i] + (1 - beta1) * clipped
      expectedV[i] = beta2 * expectedV[i] + (1 - beta2) * clipped * clipped
      expectedP[i] -= rate * (expectedM[i] / first) / ((expectedV[i] / second).squareRoot() + epsilon)
    }
    vectors.adam(
      parameters: p.pointer, average: m.pointer, squareAverage: v.pointer, gradient: g.pointer, count: count,
      clip: clip, learningRate: rate, beta1: beta1, beta2: beta2, epsilon: epsilon, firstCorrection: first,
      secondCorrection: second)
    #expect(largestError(m.values, expectedM) <= Self.bound)
    #expect(largestError(v.values, expectedV) <= Self.bound)
    #expect(largestError(p.values, expectedP) <= Self.bound)
    #expect(p.marginsAreIntact && m.marginsAreIntact && v.marginsAreIntact)
  }

  /// Square averages are positive, and now and then a gradient is zero.
  private func parametersMomentGradient(
    _ count: Int, _ random: inout CounterRandom
  ) -> (OwnedTensor, OwnedTensor, OwnedTensor) {
    let p = OwnedTensor(.channels(count), &random)
    let s = OwnedTensor(.channels(count), (0..<count).map { _ in random.uniform() })
    let g = OwnedTensor(.channels(count), (0..<count).map { $0 % 5 == 3 ? 0 : random.normal() })
    return (p, s, g)
  }

  @Test func addAndClear() {
    var random = CounterRandom(seed: 1, purpose: "add")
    let (from, to) = (OwnedTensor(.channels(70_001), &random), OwnedTensor(.channels(70_001), &random))
    let expected = zip(from.values, to.values).map { $1 - 0.5 * $0 }
    _ = Workbench().run { context in
      context.add(from.tensor, times: -0.5, to: to.tensor)
      context.clear(from.tensor)
      return []
    }
    #expect(largestError(to.values, expected) <= Double(Real.ulpOfOne))
    #expect(from.values.allSatisfy { $0 == 0 })
    #expect(from.marginsAreIntact && to.marginsAreIntact)
  }
}
