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

  @Test func ringsAreOpen() {
    var image = RGBImage(width: 40, height: 40, color: .black)
    image.drawRing(at: (20, 20), radius: 10, width: 3, color: .white)
    func value(_ x: Int, _ y: Int) -> UInt8 { image.bytes[(y * 40 + x) * 3] }
    for (x, y) in [(30, 20), (10, 20), (20, 30), (20, 10), (27, 27)] { #expect(value(x, y) == 255) }
    for (x, y) in [(20, 20), (25, 20), (35, 20), (0, 0)] { #expect(value(x, y) == 0) }
    let before = image
    image.drawRing(at: (.nan, 3), radius: 10, width: 3, color: .white)
    image.drawRing(at: (500, 500), radius: 10, width: 3, color: .white)
    #expect(image == before)
  }

  /// An i, its dot apart; twice as large it is the same.
  @Test func lettersAreDrawn() {
    func column(_ size: Int) -> [Bool] {
      var image = RGBImage(width: 20, height: 20, color: .white)
      image.drawText("I", at: (2, 1), size: size, color: .black)
      return (0..<8).map { image.bytes[((1 + $0 * size) * 20 + 2 + 2 * size) * 3] == 0 }
    }
    #expect(column(1) == [true, false, true, true, true, true, true, false] && column(2) == column(1))
    var image = RGBImage(width: 4, height: 4, color: .white)
    image.drawText("é left hip", at: (-9, 2), size: 3, color: .black)
    #expect(image.bytes.count == 48)
  }

  @Test func tensorsBecomePictures() {
    let memory = Buffer<Real>(count: 6)
    for (index, value) in [0, 1, 0.5, -3, 7, Real.nan].enumerated() { memory.pointer[index] = value }
    let image = RGBImage(Tensor(memory.pointer, Shape(n: 1, h: 1, w: 2, c: 3)))
    #expect(image == RGBImage(width: 2, height: 1, bytes: [0, 255, 128, 0, 255, 0]))
  }
}
