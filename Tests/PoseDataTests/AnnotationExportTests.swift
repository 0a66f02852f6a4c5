import Foundation
import PoseData
import SyntheticPoses
import Testing
import Training

/// What is written in a form is read again as it was.
@Suite struct AnnotationExportTests {
  private static let people = SyntheticDataset(seed: 4, range: 1...4, imageSize: 64)

  /// Writes four people, half of them for training, and opens what was written.
  private func withExport(
    _ form: AnnotationExport.Form, _ body: (_ folder: String) throws -> Void
  ) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("equipoise-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    var export = try AnnotationExport(form, skeleton: Self.people.skeleton, folder: folder)
    for index in 0..<4 {
      try export.add(
        try Self.people.image(index), try Self.people.annotation(index), to: index < 2 ? .train : .valid, quality: 90)
    }
    try export.finish()
    try body(folder)
  }

  @Test(arguments: AnnotationExport.Form.allCases)
  func isReadAsItWas(_ form: AnnotationExport.Form) throws {
    let isMPII = form.rawValue.hasPrefix("mpii")
    let format: PhotographFiles.Format = isMPII ? .mpii : PhotographFiles.Format(rawValue: form.rawValue)!
    let isWithoutParts = form == .lspet || form == .release
    try withExport(form) { folder in
      let files = PhotographFiles(format, path: folder)
      for (part, first) in [(PhotographFiles.Part.train, 0), (.valid, 2)] {
        let set = isWithoutParts ? try files.open(range: first + 1...first + 2) : try files.open(part)
        #expect(set.count == 2)
        try set.requirePhotographs()
        for index in 0..<2 {
          let (truth, found) = (try Self.people.annotation(first + index), try set.annotation(index))
          let image = try set.image(index)
          #expect(image.width == 64 && image.height == 64)
          let places = set.skeleton.places(in: .mpii)
          for (joint, place) in zip(found.joints, places) {
            guard let place else {
              #expect(!joint.isLabelled)
              continue
            }
            let label = truth.joints[place]
            #expect(joint.isLabelled && abs(joint.x - label.x) < 1e-9 && abs(joint.y - label.y) < 1e-9)
            if form != .hrnet && form != .lspet { #expect(joint.isVisible == label.isVisible) }
          }
          if form != .lsp && form != .lspet {
            #expect(abs(found.side - truth.side) < 1e-9 && abs(found.centerX - truth.centerX) < 1e-9)
            #expect(abs(found.centerY - truth.centerY) < 1e-9)
          }
        }
      }
    }
  }

  @Test func jointsKeepTheirMeaning() {
    let places = Skeleton.coco.places(in: .mpii)
    #expect(places[5] == 13 && places[16] == 0 && places[0] == nil)
    #expect(Skeleton.mpii.places(in: .lsp)[8] == 12 && Skeleton.mpii.places(in: .lsp)[6] == nil)
    #expect(Skeleton.lsp.places(in: .mpii) == [0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15, 8, 9])
    // Whoever has both keeps them apart.
    let both = Skeleton(
      jointNames: ["neck", "upper neck"], flipPairs: [], limbs: [], torso: (leftShoulder: 0, rightHip: 1))
    #expect(
      both.places(in: both) == [0, 1] && both.places(in: .lsp) == [12, nil] && Skeleton.lsp.places(in: both)[12] == 0)
  }
}
