import Foundation
import PoseData
import Tensors
import Testing

@Suite(.enabled(if: TestFolders.hasData, "real data is not at hand (EQUIPOISE_DATA, or ../shared/data)"))
struct RealLSPETTests {
  private func dataset(_ range: ClosedRange<Int>) throws -> PhotographDataset {
    try PhotographFiles(.lspet, path: try #require(TestFolders.data) + "/lspet").open(range: range)
  }

  @Test func theFirstPhotographsAreReadWithTheirJoints() throws {
    let dataset = try dataset(1...20)
    #expect(dataset.count == 20)
    let first = try dataset.annotation(0)
    #expect(!first.joints[0].isLabelled)
    #expect(abs(first.joints[1].x - 25.03094352) < 1e-8 && abs(first.joints[1].y - 85.41022512) < 1e-8)
    for index in 0..<20 {
      let (image, annotation) = (try dataset.image(index), try dataset.annotation(index))
      for joint in annotation.joints where joint.isLabelled {
        #expect(joint.x > -10 && joint.y > -10)
        #expect(joint.x < Double(image.width + 10) && joint.y < Double(image.height + 10))
      }
    }
  }

  @Test func everyImageOfTheCopyIsListed() throws {
    let whole = try dataset(1...4000)
    #expect(whole.count == 4000)
    try whole.requirePhotographs()
    let beyond = try dataset(3999...4001)
    #expect(
      dataError { () throws(DataError) in try beyond.requirePhotographs() }?.place.hasSuffix("im04001.jpg") == true)
  }

  /// With EQUIPOISE_SHEETS naming a folder, leaves sheets there to look at.
  @Test func batchesCanBeLookedAt() throws {
    let dataset = try dataset(1...64)
    let loader = try BatchLoader(
      dataset: dataset, seed: 1, batch: 24, inputResolution: 256, sigma: 1.75, cut: 0.23, threads: 2)
    let batch = try loader.next()
    defer { loader.recycle(batch) }
    let drawing = SkeletonDrawing(dataset.skeleton, lineWidth: 4)
    let pictures = (0..<24).map { place in
      var picture = RGBImage(batch.images.image(place))
      let mask = batch.mask.image(place).values
      let joints = JointDecoder.positions(batch.heatmaps.image(place)).enumerated().map { joint, peak in
        PoseAnnotation.Joint(
          x: (peak.x + 0.5) * 4 - 0.5, y: (peak.y + 0.5) * 4 - 0.5, isLabelled: mask[joint] == 1, isVisible: true)
      }
      drawing.draw(joints, on: &picture)
      return picture
    }
    let sheet = ContactSheet.make(pictures, columns: 6)
    #expect(sheet.width == 6 * 260 + 4 && sheet.height == 4 * 260 + 4)
    if let folder = ProcessInfo.processInfo.environment["EQUIPOISE_SHEETS"] {
      try PNGWriter.write(sheet, to: folder + "/augmented.png")
    }
  }
}
