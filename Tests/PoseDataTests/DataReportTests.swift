import Foundation
import PoseData
import Testing
import Training

@Suite struct DataReportTests {
  /// Three people in two photographs of 64 pixels, one of them beyond its edge and one without labels, and a third
  /// photograph that is missing, a fourth that is none.
  private func withSet(_ body: (PhotographDataset) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("equipoise-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let skeleton = Skeleton(
      jointNames: ["one", "two"], flipPairs: [], limbs: [(0, 1)], torso: (leftShoulder: 0, rightHip: 1))
    for name in ["a", "b"] {
      try JPEGEncoder.write(
        RGBImage(width: 64, height: 64, color: .white), to: "\(folder)/\(name).jpg", quality: 90)
    }
    try Data("none".utf8).write(to: URL(fileURLWithPath: "\(folder)/d.jpg"))
    func person(_ photograph: String, _ x: Double, hidden: Bool = false, labelled: Bool = true) -> LabelledPerson {
      LabelledPerson(
        photograph: "\(folder)/\(photograph).jpg", name: photograph,
        joints: [
          .init(x: x, y: 10, isLabelled: labelled, isVisible: !hidden),
          .init(x: 20, y: 20, isLabelled: labelled, isVisible: true),
        ], square: .init(centerX: 32, centerY: 32, side: x))
    }
    try body(
      PhotographDataset(
        skeleton: skeleton,
        people: [
          person("a", 60, hidden: true), person("b", 70), person("a", 30, labelled: false), person("c", 40),
          person("d", 50),
        ]))
  }

  @Test(arguments: [1, 2])
  func countsWhatIsThere(threads: Int) throws {
    try withSet { set in
      let report = DataReport(set, decoding: true, threads: threads)
      #expect(report.samples == 5 && report.photographs == 4)
      #expect(report.missing.map(\.problem) == ["No such file or directory"])
      #expect(report.broken.map(\.problem) == ["is neither a JPEG nor a PNG file"])
      #expect(report.labelled == [4, 4] && report.hidden == [1, 0] && report.unlabelledSamples == 1)
      #expect(report.sides == [30, 40, 50, 60, 70])
      #expect(report.seen == 3 && report.reachingOut == 1 && report.jointsOutside == 1)
      #expect(report.text.contains("5 people in 4 photographs\n1 missing, 1 broken\n"))
      #expect(report.text.contains("one      80.0 %           25.0 %"))
    }
  }

  @Test func annotationsAlone() throws {
    try withSet { set in
      let report = DataReport(set, decoding: false, threads: 1)
      #expect(report.missing.isEmpty && report.broken.isEmpty && report.labelled == [4, 4] && report.seen == 0)
      #expect(report.text.contains("photographs were not looked at"))
    }
  }

  @Test func theSheetLeavesOutWhatCannotBeRead() throws {
    try withSet { set in
      let sheet = try #require(CropSheet.make(set))
      #expect(sheet.width == 3 * 196 + 4 && sheet.height == 200)
    }
  }
}
