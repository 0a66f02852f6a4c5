import Foundation
import PoseData
import Testing

/// The forms of annotations as their makers wrote them, where the files are at hand.
@Suite(.enabled(if: TestFolders.hasData, "real data is not at hand (EQUIPOISE_DATA, or ../shared/data)"))
struct RealAnnotationTests {
  private func files(_ format: PhotographFiles.Format, _ folder: String, _ file: String = "") throws -> PhotographFiles
  {
    PhotographFiles(format, path: "\(try #require(TestFolders.data))/\(folder)", annotations: file)
  }

  @Test func mpii() throws {
    let files = try files(.mpii, "mpii")
    let (all, train, valid) = (try files.open(), try files.open(.train), try files.open(.valid))
    #expect(all.count == 25_204 && train.count == 22_246 && valid.count == 2_958)
    var labelled = 0
    for index in 0..<all.count { labelled += try all.annotation(index).joints.count { $0.isLabelled } }
    // Counted in Python: both coordinates above 0.
    #expect(labelled == 289_185 + 86_703)
    let first = try all.annotation(0)
    #expect(first.joints[8].x == 636.02 && first.joints[8].y == 188.818)
    #expect(first.centerX == 593 && first.centerY == 256 + 15 * 3.021 && first.side == 1.25 * 3.021 * 200)
  }

  @Test func headsOfMPII() throws {
    let folder = "\(try #require(TestFolders.data))/mpii"
    func files(_ heads: String) -> PhotographFiles { PhotographFiles(.mpii, path: folder, heads: heads) }
    let valid = try files("detections_our_format.mat").open(.valid, range: 2...3)
    #expect(valid.details(0).headSize != nil)
    // The same people: a head's size is three quarters of its labelled length, as MPII's own boxes are made.
    let all = try files("detections_our_format.mat").open(.valid)
    var (fitting, seen) = (0, 0)
    for index in 0..<all.count {
      let joints = try all.annotation(index).joints
      guard joints[8].isLabelled, joints[9].isLabelled else { continue }
      let (dx, dy) = (joints[9].x - joints[8].x, joints[9].y - joints[8].y)
      let ratio = try #require(all.details(index).headSize) / (dx * dx + dy * dy).squareRoot()
      seen += 1
      if abs(ratio - 0.75) < 0.015 { fitting += 1 }
    }
    #expect(seen > 2_800 && fitting * 100 > seen * 98, "\(fitting) of \(seen)")
    let error = dataError { () throws(DataError) in _ = try files("detections_our_format.mat").open(.train) }
    #expect(error?.problem == "headboxes_src is 2×2×2958, not 2×2×22246 for as many people")
  }

  @Test func theSampleOfMPIIWithPhotographs() throws {
    let set = try files(.mpii, "mpii-sample", "test_mpii.json").open()
    #expect(set.count == 5)
    try set.requirePhotographs()
    for index in 0..<5 {
      let (image, annotation) = (try set.image(index), try set.annotation(index))
      for joint in annotation.joints where joint.isLabelled {
        #expect((0..<Double(image.width)).contains(joint.x) && (0..<Double(image.height)).contains(joint.y))
      }
    }
  }

  @Test func theSampleOfCOCOWithPhotographs() throws {
    let set = try files(.coco, "coco-sample", "test_coco.json").open()
    // Of fourteen people two have no labelled joint.
    #expect(set.count == 12 && set.photographs.count == 4)
    try set.requirePhotographs()
    #expect(try set.annotation(0).joints.allSatisfy(\.isLabelled))
    for index in 0..<set.count {
      let (image, annotation) = (try set.image(index), try set.annotation(index))
      for joint in annotation.joints where joint.isLabelled {
        #expect((0..<Double(image.width)).contains(joint.x) && (0..<Double(image.height)).contains(joint.y))
      }
    }
  }

  @Test func lsp() throws {
    let files = try files(.lsp, "lsp-eval", "lsp-joints-PC.mat")
    #expect(try files.open(.train).count == 1000 && files.open(.valid).count == 1000)
    let first = try files.open().annotation(0)
    #expect(abs(first.joints[0].x - 28.74645941) < 1e-6 && abs(first.joints[13].y - 14.56550525) < 1e-6)
  }
}
