import Metrics
import PoseData
import Testing

@Suite struct PoseFiguresTests {
  private func dataset(_ skeleton: Skeleton, _ details: [PersonDetails], others: [LabelledPerson] = [])
    -> PhotographDataset
  {
    PhotographDataset(
      skeleton: skeleton,
      people: details.enumerated().map { index, details in
        LabelledPerson(
          photograph: "/none/a.jpg", name: "\(index)", joints: Self.joints(skeleton, at: Double(100 * index)),
          square: .init(centerX: 0, centerY: 0, side: 10), details: details)
      }, others: others)
  }

  private static func joints(_ skeleton: Skeleton, at x: Double) -> [PoseAnnotation.Joint] {
    (0..<skeleton.jointCount).map { .init(x: x + Double($0), y: Double(3 * $0), isLabelled: true, isVisible: true) }
  }

  private func exact(_ dataset: PhotographDataset) throws -> [[JointDecoder.Position]?] {
    try (0..<dataset.count).map { index in
      try dataset.annotation(index).joints.map { .init(x: $0.x, y: $0.y, score: 0.5) }
    }
  }

  @Test func headsMakePCKh() throws {
    var details = PersonDetails()
    details.headSize = 10
    let set = dataset(.mpii, [details, PersonDetails()])
    var predictions = try exact(set)
    predictions[0]![0].x += 4
    let figures = try PoseFigures(set, predictions)
    let pckh = try #require(figures.pckh)
    #expect(pckh.excluded == 1 && pckh.perJoint(at: 50)[0] == 1 && pckh.perJoint(at: 10)[0] == 0)
    #expect(figures.averagePrecision == nil && figures.pck.total[0] == 2 && figures.unread == 0)
    #expect(try PoseFigures(dataset(.mpii, [PersonDetails()]), exact(set).suffix(1)).pckh == nil)
  }

  @Test func areasMakeAveragePrecision() throws {
    var details = PersonDetails()
    (details.area, details.box, details.imageID) = (2000, [0, 0, 50, 50], 7)
    var crowd = LabelledPerson(photograph: "/none/a.jpg", name: "crowd", joints: Self.joints(.coco, at: 900))
    (crowd.details, crowd.details.isCrowd) = (details, true)
    let set = dataset(.coco, [details, details, details], others: [crowd])
    var predictions = try exact(set)
    #expect(try PoseFigures(set, predictions).averagePrecision?.ap == 1)
    // One of three cannot be read: it is neither found nor missed.
    predictions[1] = nil
    let unread = try PoseFigures(set, predictions)
    #expect(unread.unread == 1 && unread.averagePrecision?.ar == 1)
    for joint in 0..<17 { predictions[2]![joint].x += 500 }
    let half = try PoseFigures(set, predictions)
    #expect(half.averagePrecision?.ar == 0.5 && half.averagePrecision?.ar50 == 0.5)
    // Without areas there is no OKS, nor without σ.
    #expect(try PoseFigures(dataset(.coco, [PersonDetails()]), exact(set).prefix(1).map { $0 }).averagePrecision == nil)
    #expect(try PoseFigures(dataset(.lsp, [details]), exact(dataset(.lsp, [details]))).averagePrecision == nil)
  }
}
