import PoseData
import Testing

@Suite struct AugmentationTests {
  @Test func drawsDependOnSeedEpochAndSampleOnly() {
    let augmentation = Augmentation()
    let draw = augmentation.draw(seed: 5, epoch: 2, sample: 17)
    #expect(draw == augmentation.draw(seed: 5, epoch: 2, sample: 17))
    #expect(draw != augmentation.draw(seed: 6, epoch: 2, sample: 17))
    #expect(draw != augmentation.draw(seed: 5, epoch: 3, sample: 17))
    #expect(draw != augmentation.draw(seed: 5, epoch: 2, sample: 18))
  }

  @Test func noneChangesNothing() {
    for sample in 0..<100 {
      #expect(Augmentation.none.draw(seed: 1, epoch: 0, sample: sample) == Augmentation.Draw())
    }
  }

  @Test func drawsAreDistributedAsAsked() {
    let draws = (0..<20_000).map { Augmentation().draw(seed: 9, epoch: $0 / 1000, sample: $0 % 1000) }
    let scales = draws.map(\.scale)
    #expect(scales.min()! >= 0.7071 && scales.max()! <= 1.4143)
    // Outside ±2σ, 4.55 %, the clip holds.
    let clipped = scales.filter { $0 < 0.70711 || $0 > 1.41421 }.count
    #expect(abs(Double(clipped) / 20_000 - 0.0455) < 0.006)
    let turned = draws.filter { $0.rotation != 0 }
    #expect(abs(Double(turned.count) / 20_000 - 0.4) < 0.015)
    #expect(turned.allSatisfy { abs($0.rotation) <= 1.0472 })
    let square = turned.map { $0.rotation * $0.rotation }.reduce(0, +) / Double(turned.count)
    // The variance of a normal distribution clipped at ±2σ is 0.9205 σ².
    #expect(abs(square / (0.5236 * 0.5236) - 0.9205) < 0.04)
    #expect(abs(Double(draws.filter(\.isFlipped).count) / 20_000 - 0.5) < 0.015)
    for channel in 0..<3 {
      let gains = draws.map { $0.gain[channel] }
      #expect(gains.min()! >= 0.6 && gains.max()! < 1.4)
      #expect(abs(gains.reduce(0, +) / 20_000 - 1) < 0.01)
    }
  }

  @Test func oneChangeOffLeavesTheOthers() {
    var without = Augmentation()
    without.rotationProbability = 0
    without.scaleSigma = 0
    for sample in 0..<50 {
      let (a, b) = (
        Augmentation().draw(seed: 1, epoch: 0, sample: sample), without.draw(seed: 1, epoch: 0, sample: sample)
      )
      #expect(a.isFlipped == b.isFlipped && a.gain == b.gain)
      #expect(b.rotation == 0 && b.scale == 1)
    }
  }

  @Test func squaresAreCutOutAsAsked() {
    var augmentation = Augmentation()
    augmentation.cutOutProbability = 0.3
    augmentation.cutOutSize = 0.5
    let draws = (0..<5_000).map { augmentation.draw(seed: 2, epoch: 0, sample: $0) }
    let squares = draws.compactMap(\.cutOut)
    #expect(abs(Double(squares.count) / 5_000 - 0.3) < 0.02)
    #expect(squares.allSatisfy { (0.25..<0.5).contains($0.side) && (0..<1).contains($0.centerX) })
    for (draw, sample) in zip(draws, 0...) {
      var without = draw
      without.cutOut = nil
      #expect(without == Augmentation().draw(seed: 2, epoch: 0, sample: sample))
    }
  }
}
