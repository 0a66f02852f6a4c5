import CKernels
import PoseData
import Tensors
import Testing

@Suite struct CropTests {
  @Test func theSquaresEdgesAreTheInputsEdges() {
    let transform = CropTransform(centerX: 30, centerY: 50, side: 80, inputResolution: 64)
    #expect(transform.heatmapResolution == 16)
    #expect(transform.input(x: -10, y: 10) == (-0.5, -0.5))
    #expect(transform.input(x: 70, y: 90) == (63.5, 63.5))
    #expect(transform.heatmap(x: -10, y: 90) == (-0.5, 15.5))
  }

  @Test func aTurnIsClockwiseAndAMirrorComesLast() {
    let turned = CropTransform(centerX: 0, centerY: 0, side: 64, inputResolution: 64, rotation: .pi / 2)
    let right = turned.input(x: 10, y: 0)
    #expect(abs(right.x - 31.5) < 1e-12 && abs(right.y - 41.5) < 1e-12)
    let both = CropTransform(
      centerX: 0, centerY: 0, side: 64, inputResolution: 64, rotation: .pi / 6, isFlipped: true)
    let plain = CropTransform(centerX: 0, centerY: 0, side: 64, inputResolution: 64, rotation: .pi / 6)
    let (a, b) = (both.input(x: 7, y: 3), plain.input(x: 7, y: 3))
    #expect(abs(a.x + b.x - 63) < 1e-12 && a.y == b.y)
  }

  @Test func thereAndBackIsTheSamePoint() {
    for number in 0..<50 {
      var random = CounterRandom(seed: 3, purpose: "crop", UInt64(number))
      let transform = CropTransform(
        centerX: random.uniform(-50, 500), centerY: random.uniform(-50, 500), side: random.uniform(1, 900),
        inputResolution: 128, scale: random.uniform(0.7, 1.5), rotation: random.uniform(-3, 3),
        isFlipped: number % 2 == 1)
      let (x, y) = (random.uniform(-50, 500), random.uniform(-50, 500))
      let input = transform.input(x: x, y: y)
      let back = transform.image(inputX: input.x, inputY: input.y)
      #expect(abs(back.x - x) < 1e-9 && abs(back.y - y) < 1e-9)
      let map = transform.heatmap(x: x, y: y)
      let fromMap = transform.image(heatmapX: map.x, heatmapY: map.y)
      #expect(abs(fromMap.x - x) < 1e-9 && abs(fromMap.y - y) < 1e-9)
    }
  }

  private func sample(_ image: RGBImage, _ transform: CropTransform, gain: SIMD3<Double> = .one) -> [Real] {
    let side = transform.inputResolution
    let buffer = Buffer<Real>(count: side * side * 3)
    CropSampler().sample(
      PhotographPart(image), transform, gain: gain, into: Tensor(buffer.pointer, Shape(n: 1, h: side, w: side, c: 3)))
    return Array(buffer.values)
  }

  @Test func theWholeImageAtItsOwnSizeIsTheImage() {
    var random = CounterRandom(seed: 4, purpose: "pixels")
    let bytes = (0..<16 * 16 * 3).map { _ in UInt8(random.integer(below: 256)) }
    let image = RGBImage(width: 16, height: 16, bytes: bytes)
    let whole = CropTransform(centerX: 7.5, centerY: 7.5, side: 16, inputResolution: 16)
    let values = sample(image, whole)
    for (value, byte) in zip(values, bytes) { #expect(abs(value - Real(byte) / 255) < 1e-6) }
    let shifted = sample(image, CropTransform(centerX: 10.5, centerY: 5.5, side: 16, inputResolution: 16))
    for y in 0..<16 {
      for x in 0..<16 {
        let inside = x + 3 < 16 && y >= 2
        let expected = inside ? Real(bytes[((y - 2) * 16 + x + 3) * 3 + 1]) / 255 : 0
        #expect(abs(shifted[(y * 16 + x) * 3 + 1] - expected) < 1e-6)
      }
    }
    let mirrored = sample(
      image, CropTransform(centerX: 7.5, centerY: 7.5, side: 16, inputResolution: 16, isFlipped: true))
    #expect(abs(mirrored[0] - Real(bytes[15 * 3]) / 255) < 1e-6)
    let bright = sample(image, whole, gain: SIMD3(2, 0.5, 1))
    for index in stride(from: 0, to: bytes.count, by: 3) {
      #expect(abs(bright[index] - min(1, Real(bytes[index]) / 255 * 2)) < 1e-6)
      #expect(abs(bright[index + 1] - Real(bytes[index + 1]) / 255 / 2) < 1e-6)
    }
  }

  /// A picture whose red is x / 4 and whose green is y / 4: wherever it is sampled, it tells the place.
  @Test(arguments: [(60.0, 0.3), (150, 1.0), (200, -0.7), (330, 0.1), (400, 2.5)])
  func coordinatesAreKept(_ side: Double, _ rotation: Double) {
    var ramp = RGBImage(width: 1000, height: 1000, color: .black)
    for y in 0..<1000 {
      for x in 0..<1000 {
        ramp.bytes[(y * 1000 + x) * 3] = UInt8(x / 4)
        ramp.bytes[(y * 1000 + x) * 3 + 1] = UInt8(y / 4)
      }
    }
    let transform = CropTransform(
      centerX: 480, centerY: 520, side: side, inputResolution: 64, rotation: rotation, isFlipped: side > 100)
    let values = sample(ramp, transform)
    for row in 0..<64 {
      for column in 0..<64 {
        let place = transform.image(inputX: Double(column), inputY: Double(row))
        // Whole steps of four pixels: the picture says x − 1.5 on average, and at most 1.5 off that.
        let index = (row * 64 + column) * 3
        #expect(abs(Double(values[index]) * 255 * 4 + 1.5 - place.x) < 1.51)
        #expect(abs(Double(values[index + 1]) * 255 * 4 + 1.5 - place.y) < 1.51)
      }
    }
    let meanRed = stride(from: 0, to: values.count, by: 3).map { Double(values[$0]) }.reduce(0, +) / 4096
    #expect(abs(meanRed * 255 * 4 + 1.5 - 480) < 0.1)
  }

  @Test func fineDetailIsAveragedNotMissed() {
    var stripes = RGBImage(width: 512, height: 512, color: .black)
    for pixel in 0..<512 * 512 where pixel % 4 == 0 {
      for channel in 0..<3 { stripes.bytes[pixel * 3 + channel] = 240 }
    }
    let values = sample(stripes, CropTransform(centerX: 255.5, centerY: 255.5, side: 512, inputResolution: 64))
    for value in values { #expect(abs(value - 60.0 / 255) < 1e-5) }
  }

  @Test func farAwayIsBlackAndHugeIsNoCrash() {
    let image = RGBImage(width: 20, height: 10, color: .white)
    #expect(sample(image, CropTransform(centerX: 1e9, centerY: 0, side: 8, inputResolution: 8)).allSatisfy { $0 == 0 })
    #expect(sample(image, CropTransform(centerX: -40, centerY: 0, side: 8, inputResolution: 8)).allSatisfy { $0 == 0 })
    _ = sample(image, CropTransform(centerX: 0, centerY: 0, side: 1e300, inputResolution: 8))
    _ = sample(image, CropTransform(centerX: 9, centerY: 4, side: 1e-300, inputResolution: 8))
    let half = sample(image, CropTransform(centerX: 0, centerY: 5, side: 8, inputResolution: 8))
    #expect(half[(4 * 8 + 0) * 3] == 0 && abs(half[(4 * 8 + 7) * 3] - 1) < 1e-6)
  }

  /// From a photograph's bytes, in both bodies, as from its blocks of one pixel each: to the bit, at the edges too.
  @Test func bytesAndBlocksAreResampledAlike() {
    var random = CounterRandom(seed: 6, purpose: "bytes")
    let (width, height, count) = (13, 9, 40)
    let bytes = (0..<width * height * 3).map { _ in UInt8(random.integer(below: 256)) }
    var blocks = [Float](repeating: 0, count: (width + 2) * (height + 2) * 4)
    bytes.withUnsafeBufferPointer { bytes in
      blocks.withUnsafeMutableBufferPointer { blocks in
        for row in 0..<height {
          ck_block_means(
            bytes.baseAddress! + row * width * 3, width * 3, 1, width, 1,
            blocks.baseAddress! + ((row + 1) * (width + 2) + 1) * 4)
        }
      }
    }
    let gains: [Float] = [0.7 / 255, 1 / 255, 1.4 / 255, 0]
    var (seen, black) = (0, 0)
    for _ in 0..<200 {
      func number(_ extent: Int) -> Double { Double(random.integer(below: 1000)) / 1000 * Double(extent + 4) - 2 }
      let line = ck_line(
        x: number(width), y: number(height), step_x: number(1) / 2, step_y: number(1) / 4)
      func row(_ resample: (UnsafeMutablePointer<Real>) -> Void) -> [Real] {
        var row = [Real](repeating: 9, count: count * 3)
        row.withUnsafeMutableBufferPointer { resample($0.baseAddress!) }
        return row
      }
      let known = blocks.withUnsafeBufferPointer { blocks in
        var picture = ck_picture(pixels: blocks.baseAddress, width: width, height: height)
        return row { ck_resample_row(&picture, line, gains, count, $0) }
      }
      bytes.withUnsafeBufferPointer { bytes in
        var photograph = ck_photograph(
          rgb: bytes.baseAddress, end: bytes.baseAddress! + bytes.count, row_bytes: width * 3, width: width,
          height: height)
        #expect(row { ck_resample_photograph_row(&photograph, line, gains, count, $0) } == known)
        #expect(row { ck_resample_photograph_row_baseline(&photograph, line, gains, count, $0) } == known)
      }
      seen += known.count { $0 > 0 }
      black += known.count { $0 == 0 }
    }
    #expect(seen > 3000 && black > 3000)
  }
}
