import Tensors
import Testing

@Suite struct BufferTests {
  @Test(arguments: [0, 1, 1000, 524_287, 524_288, 1_000_003])
  func zeroedAlignedAndWritable(_ count: Int) {
    let buffer = Buffer<Real>(count: count)
    let bytes = count * MemoryLayout<Real>.stride
    #expect(buffer.count == count && buffer.values.count == count)
    #expect(Int(bitPattern: buffer.pointer) % (bytes >= 1 << 21 ? 1 << 21 : 4096) == 0)
    #expect(buffer.values.allSatisfy { $0 == 0 })
    for i in 0..<count { buffer.pointer[i] = Real(i % 97) }
    #expect(buffer.values.enumerated().allSatisfy { $1 == Real($0 % 97) })
  }

  @Test func imagesOfATensor() {
    let shape = Shape(n: 4, h: 2, w: 3, c: 5)
    #expect(shape.rows == 24 && shape.count == 120 && shape.description == "4×2×3×5")
    #expect(shape.with(c: 7) == Shape(n: 4, h: 2, w: 3, c: 7))
    #expect(shape.with(h: 1, w: 9) == Shape(n: 4, h: 1, w: 9, c: 5))
    let buffer = Buffer<Real>(count: shape.count)
    for i in 0..<shape.count { buffer.pointer[i] = Real(i) }
    let tensor = Tensor(buffer.pointer, shape)
    #expect(tensor.image(2).values.elementsEqual((60..<90).map { Real($0) }))
    #expect(tensor.images(1..<3).shape == Shape(n: 2, h: 2, w: 3, c: 5))
    #expect(tensor.images(1..<3).values.first == 30 && tensor.images(4..<4).values.isEmpty)
  }
}
