import Metrics
import Tensors
import Testing

@Suite struct AreaUnderROCTests {
  @Test func knownAnswers() {
    #expect(AreaUnderROC.of([1, 2, 3, 4], isPositive: [false, false, true, true]) == 1)
    #expect(AreaUnderROC.of([1, 2, 3, 4], isPositive: [true, true, false, false]) == 0)
    #expect(AreaUnderROC.of([1, 3, 2, 4], isPositive: [false, false, true, true]) == 0.75)
    #expect(AreaUnderROC.of([5, 5, 5], isPositive: [false, true, true]) == 0.5)
    #expect(AreaUnderROC.of([1, 2], isPositive: [true, true]) == nil)
    #expect(AreaUnderROC.of([], isPositive: []) == nil)
  }

  /// Every pair counted one by one.
  @Test func isTheShareOfPairs() {
    for number in 0..<20 {
      var random = CounterRandom(seed: 3, purpose: "pairs", UInt64(number))
      let scores = (0..<40).map { _ in Double(random.integer(below: 12)) }
      let isPositive = (0..<40).map { _ in random.uniform() < 0.3 }
      var (won, pairs) = (0.0, 0.0)
      for one in 0..<40 where isPositive[one] {
        for other in 0..<40 where !isPositive[other] {
          pairs += 1
          won += scores[one] > scores[other] ? 1 : scores[one] == scores[other] ? 0.5 : 0
        }
      }
      #expect(abs(AreaUnderROC.of(scores, isPositive: isPositive)! - won / pairs) < 1e-12)
    }
  }
}
