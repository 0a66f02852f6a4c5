import PoseData
import Tensors
import Testing

@Suite struct DrawingTests {
  @Test func linesCoverTheirWidth() {
    var image = RGBImage(width: 40, height: 20, color: .black)
    image.drawLine(from: (5, 10), to: (30, 10), width: 4, color: .white)
    func red(_ x: Int, _ y: Int) -> Int { Int(image.bytes[(y * 40 + x) * 3]) }
    // Four pixels' worth across: three whole ones and two halves.
    let across = (0..<20).map { red(15, $0) }.reduce(0, +)
    #expect(across == 3 * 255 + 2 * 128)
    #expect(red(15, 10) == 255 && red(15, 8) == 128 && red(15, 7) == 0)
    #expect(red(3, 10) == 128 && red(2, 10) == 0 && red(33, 10) == 0)
  }

  @Test func whatIsOutsideIsLeftOut() {
    var image = RGBImage(width: 8, height: 8, color: .black)
    image.drawDisc(at: (-100, 4), radius: 5, color: .white)
    image.drawLine(from: (.nan, 0), to: (4, 4), width: 2, color: .white)
    image.drawLine(from: (1e300, 0), to: (1e300, 5), width: 2, color: .white)
    #expect(image == RGBImage(width: 8, height: 8, color: .black))
    image.drawLine(from: (-1e9, 4), to: (1e9, 4), width: 2, color: .white)
    #expect(image.bytes[(4 * 8 + 3) * 3] == 255)
  }

  @Test func onlyLabelledJointsAreDrawn() {
    let blank = RGBImage(width: 60, height: 60, color: .white)
    var joints = (0..<14).map { _ in PoseAnnotation.Joint(x: 30, y: 30, isLabelled: false, isVisible: false) }
    var image = blank
    let drawing = SkeletonDrawing(.lsp, lineWidth: 3)
    drawing.draw(joints, on: &image)
    #expect(image == blank)
    joints[0] = .init(x: 10, y: 10, isLabelled: true, isVisible: true)
    joints[1] = .init(x: 10, y: 50, isLabelled: true, isVisible: true)
    drawing.draw(joints, on: &image)
    let middle = (30 * 60 + 10) * 3
    // The right leg is red.
    #expect(image.bytes[middle] > 180 && image.bytes[middle + 1] < 90 && image.bytes[middle + 2] < 90)
    #expect(image.bytes[(30 * 60 + 30) * 3] == 255)
  }

  @Test func sheetsKeepPicturesInOrder() {
    let pictures = (0..<5).map { RGBImage(width: 3, height: 2, color: .init(UInt8($0 * 10), 0, 0)) }
    let sheet = ContactSheet.make(pictures, columns: 3, gap: 1)
    #expect(sheet.width == 13 && sheet.height == 7)
    for index in 0..<5 {
      let (x, y) = (1 + index % 3 * 4, 1 + index / 3 * 3)
      #expect(sheet.bytes[(y * 13 + x) * 3] == UInt8(index * 10))
      #expect(sheet.bytes[((y + 1) * 13 + x + 2) * 3] == UInt8(index * 10))
      #expect(sheet.bytes[((y - 1) * 13 + x) * 3] == 255)
    }
    #expect(sheet.bytes[(4 * 13 + 9) * 3 + 1] == 255)
  }

  @Test func tensorsBecomePictures() {
    let memory = Buffer<Real>(count: 6)
    for (index, value) in [0, 1, 0.5, -3, 7, Real.nan].enumerated() { memory.pointer[index] = value }
    let image = RGBImage(Tensor(memory.pointer, Shape(n: 1, h: 1, w: 2, c: 3)))
    #expect(image == RGBImage(width: 2, height: 1, bytes: [0, 255, 128, 0, 255, 0]))
  }
}
