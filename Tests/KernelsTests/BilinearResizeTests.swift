import Kernels
import Tensors
import TestSupport
import Testing

/// Resizing and the moving of channels.
@Suite struct BilinearResizeTests {
  @Test(arguments: [
    (Shape(n: 2, h: 16, w: 24, c: 3), 4, 6), (Shape(n: 1, h: 5, w: 7, c: 3), 7, 3),
    (Shape(n: 1, h: 1, w: 1, c: 2), 4, 3),
    (Shape(n: 2, h: 3, w: 4, c: 1), 3, 4), (Shape(n: 1, h: 9, w: 2, c: 4), 1, 1),
  ])
  func resize(_ from: Shape, _ h: Int, _ w: Int) {
    var random = CounterRandom(seed: 1, purpose: "resize")
    let images = OwnedTensor(from, &random)
    let values = images.values
    // A tent of the input's pixel distance around each output pixel's centre; beyond the border the edge goes on.
    let weights = { (index: Int, extent: Int, newExtent: Int) -> [Double] in
      let centre = max(0, min(Double(extent - 1), (Double(index) + 0.5) * Double(extent) / Double(newExtent) - 0.5))
      return (0..<extent).map { max(0, 1 - abs(Double($0) - centre)) }
    }
    let out = OwnedTensor(from.with(c: from.c + 2).with(h: h, w: w), filledWith: 7)
    var expected = out.values
    for n in 0..<from.n {
      for y in 0..<h {
        let rows = weights(y, from.h, h)
        for x in 0..<w {
          let columns = weights(x, from.w, w)
          for c in 0..<from.c {
            var sum = 0.0
            for (i, row) in rows.enumerated() {
              for (j, column) in columns.enumerated() {
                sum += row * column * values[((n * from.h + i) * from.w + j) * from.c + c]
              }
            }
            expected[((n * h + y) * w + x) * (from.c + 2) + c] = sum
          }
        }
      }
    }
    _ = Workbench().run { context in
      context.resizeBilinear(images.tensor, into: out.tensor)
      return []
    }
    #expect(largestError(out.values, expected) <= 4 * Double(Real.ulpOfOne))
    #expect(out.marginsAreIntact)
  }

  @Test func channelsMove() {
    var random = CounterRandom(seed: 1, purpose: "channels")
    let shape = Shape(n: 2, h: 3, w: 4, c: 5)
    let (part, whole) = (OwnedTensor(shape, &random), OwnedTensor(shape.with(c: 9), &random))
    let back = OwnedTensor(shape, filledWith: .nan)
    var expected = whole.values
    for (i, value) in part.values.enumerated() { expected[i / 5 * 9 + 3 + i % 5] = value }
    _ = Workbench().run { context in
      context.copyChannels(part.tensor, into: whole.tensor, at: 3)
      context.extractChannels(whole.tensor, at: 3, into: back.tensor)
      return []
    }
    #expect(whole.values == expected)
    #expect(back.values == part.values)
  }
}
