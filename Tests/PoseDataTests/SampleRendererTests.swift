import Foundation
import PoseData
import Tensors
import Testing

@Suite struct SampleRendererTests {
  /// Each joint has a colour of its own, so the picture under a map's peak tells which joint the map is of.
  @Test func mapsShowTheJointsOfThePicture() throws {
    let dataset = MarkedDataset(count: 40)
    let renderer = SampleRenderer(dataset: dataset, inputResolution: 128, target: HeatmapTarget(sigma: 1))
    let memory = Buffer<Real>(count: 128 * 128 * 3 + 32 * 32 * 14 + 14)
    let images = Tensor(memory.pointer, Shape(n: 1, h: 128, w: 128, c: 3))
    let heatmaps = Tensor(images.pointer + images.count, Shape(n: 1, h: 32, w: 32, c: 14))
    let mask = Tensor(heatmaps.pointer + heatmaps.count, .channels(14))
    var augmentation = Augmentation()
    augmentation.channelGainMin = 1
    augmentation.channelGainMax = 1
    var (flips, shown) = (0, 0)
    for index in 0..<40 {
      let draw = augmentation.draw(seed: 3, epoch: 0, sample: index)
      let transform = try renderer.render(index, draw, images: images, heatmaps: heatmaps, mask: mask)
      #expect(transform.isFlipped == draw.isFlipped)
      if draw.isFlipped { flips += 1 }
      for (map, peak) in JointDecoder.positions(heatmaps).enumerated() {
        let joint = draw.isFlipped ? dataset.skeleton.mirrored[map] : map
        guard mask.pointer[map] == 1 else { continue }
        #expect(joint != index % 14)
        shown += 1
        let (column, row) = (Int((peak.x * 4 + 1.5).rounded()), Int((peak.y * 4 + 1.5).rounded()))
        for channel in 0..<3 {
          let value = Double(images.pointer[(row * 128 + column) * 3 + channel]) * 255
          #expect(abs(value - MarkedDataset.colors[joint][channel]) < 1)
        }
      }
    }
    #expect(flips > 10 && flips < 30 && shown > 400)
  }

  @Test func evaluationLeavesSamplesAsTheyAre() throws {
    let dataset = MarkedDataset(count: 10, broken: [4])
    let renderer = SampleRenderer(dataset: dataset, inputResolution: 32, target: HeatmapTarget(sigma: 1))
    let memory = Buffer<Real>(count: 3 * (32 * 32 * 3 + 8 * 8 * 14 + 14))
    let images = Tensor(memory.pointer, Shape(n: 3, h: 32, w: 32, c: 3))
    let heatmaps = Tensor(images.pointer + images.count, Shape(n: 3, h: 8, w: 8, c: 14))
    let mask = Tensor(heatmaps.pointer + heatmaps.count, Shape(n: 3, h: 1, w: 1, c: 14))
    memory.values.update(repeating: 9)
    let transforms = try renderer.render(
      [7, 4, 5], onBroken: .skip, images: images, heatmaps: heatmaps, mask: mask)
    let plain = CropTransform(centerX: 50, centerY: 50, side: 100, inputResolution: 32)
    #expect(transforms == [plain, nil, plain])
    #expect([images, heatmaps, mask].allSatisfy { $0.image(1).values.allSatisfy { $0 == 0 } })
    #expect(Array(mask.image(0).values) == (0..<14).map { $0 == 7 ? 0 : 1 })
    #expect(Array(mask.image(2).values) == (0..<14).map { $0 == 5 ? 0 : 1 })
    let error = dataError { () throws(DataError) in
      _ = try renderer.render([7, 4, 5], onBroken: .fail, images: images, heatmaps: heatmaps, mask: mask)
    }
    #expect(error?.place == "marked 4")
  }

  /// A square hides a part of the input, and leaves joints and mask as they were.
  @Test func aSquareIsCutOut() throws {
    let dataset = MarkedDataset(count: 1)
    let renderer = SampleRenderer(dataset: dataset, inputResolution: 32, target: HeatmapTarget(sigma: 1))
    func render(_ square: Augmentation.Draw.Square?) throws -> (images: [Real], rest: [Real]) {
      let memory = Buffer<Real>(count: 32 * 32 * 3 + 8 * 8 * 14 + 14)
      let images = Tensor(memory.pointer, Shape(n: 1, h: 32, w: 32, c: 3))
      let heatmaps = Tensor(images.pointer + images.count, Shape(n: 1, h: 8, w: 8, c: 14))
      let mask = Tensor(heatmaps.pointer + heatmaps.count, .channels(14))
      var draw = Augmentation.Draw()
      draw.cutOut = square
      try renderer.render(0, draw, images: images, heatmaps: heatmaps, mask: mask)
      return (Array(images.values), Array(memory.values.dropFirst(images.count)))
    }
    let whole = try render(nil)
    // Half of the side, its left half beyond the edge.
    let cut = try render(.init(centerX: 0, centerY: 0.5, side: 0.5))
    #expect(cut.rest == whole.rest)
    for row in 0..<32 {
      for column in 0..<32 {
        let start = (row * 32 + column) * 3
        let isCut = (8..<24).contains(row) && column < 8
        #expect((0..<3).allSatisfy { cut.images[start + $0] == (isCut ? 0 : whole.images[start + $0]) })
      }
    }
  }

  /// Of a large photograph a reduced one is decoded, and the input is nearly the same.
  @Test(arguments: [(640.0, 1.0), (1000, 0.4), (2100, -1.2)])
  func largePhotographsAreDecodedReduced(_ side: Double, _ rotation: Double) throws {
    try TestFolders.withTemporary { folder in
      let (width, height) = (1203, 902)
      var image = RGBImage(width: width, height: height, color: .black)
      for y in 0..<height {
        for x in 0..<width {
          let start = (y * width + x) * 3
          image.bytes[start] = UInt8(128 + 100 * sin(Double(x) / 40))
          image.bytes[start + 1] = UInt8(128 + 100 * sin(Double(y) / 50))
          image.bytes[start + 2] = UInt8((x + y) / 10)
        }
      }
      let path = folder + "/large.jpg"
      try JPEGEncoder.write(image, to: path, quality: 95)
      let transform = CropTransform(
        centerX: 600, centerY: 450, side: side, inputResolution: 64, rotation: rotation, isFlipped: rotation > 0)
      func input(_ part: PhotographPart) -> [Real] {
        let memory = Buffer<Real>(count: 64 * 64 * 3)
        CropSampler().sample(part, transform, into: Tensor(memory.pointer, Shape(n: 1, h: 64, w: 64, c: 3)))
        return Array(memory.values)
      }
      let whole = PhotographPart(try PhotographDecoder.decode(file: path))
      let reduced = try PhotographDecoder.decode(file: path, for: transform)
      #expect(whole.reduction == 1 && reduced.reduction == 8)
      let differences = zip(input(whole), input(reduced)).map { abs($0 - $1) }.sorted()
      // At the photograph's edge a pixel may be black in one and not in the other.
      #expect(differences[differences.count * 9 / 10] < 0.02)
      #expect(differences.reduce(0, +) / Real(differences.count) < 0.01)
    }
  }

  /// A data set whose annotations are wrong in one way each.
  private struct WrongDataset: PoseDataset {
    let skeleton = Skeleton.lsp
    let count = 5
    func name(of index: Int) -> String { "wrong \(index)" }
    func annotation(_ index: Int) throws(DataError) -> PoseAnnotation {
      var annotation = try MarkedDataset(count: 5).annotation(0)
      switch index {
      case 0: annotation.joints.removeLast()
      case 1: annotation.side = 0
      case 2: annotation.centerX = .nan
      case 3: annotation.side = .infinity
      default: annotation.joints[4].y = .infinity
      }
      return annotation
    }
    func image(_ index: Int) throws(DataError) -> RGBImage { RGBImage(width: 4, height: 4, color: .black) }
  }

  @Test func wrongAnnotationsAreErrorsOfTheSample() {
    let renderer = SampleRenderer(dataset: WrongDataset(), inputResolution: 32, target: HeatmapTarget(sigma: 1))
    let memory = Buffer<Real>(count: 32 * 32 * 3 + 8 * 8 * 14 + 14)
    let images = Tensor(memory.pointer, Shape(n: 1, h: 32, w: 32, c: 3))
    let heatmaps = Tensor(images.pointer + images.count, Shape(n: 1, h: 8, w: 8, c: 14))
    let mask = Tensor(heatmaps.pointer + heatmaps.count, .channels(14))
    for index in 0..<5 {
      let error = dataError { () throws(DataError) in
        try renderer.render(index, Augmentation.Draw(), images: images, heatmaps: heatmaps, mask: mask)
      }
      #expect(error?.place == "wrong \(index)")
    }
  }
}
