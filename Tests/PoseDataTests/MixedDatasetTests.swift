import PoseData
import Tensors
import Testing

@Suite struct MixedDatasetTests {
  private let own = Skeleton(
    jointNames: ["crown", "left wrist", "tail"], flipPairs: [], limbs: [], torso: (leftShoulder: 0, rightHip: 1))

  private func set(_ skeleton: Skeleton, count: Int, mark: Double) -> PhotographDataset {
    PhotographDataset(
      skeleton: skeleton,
      people: (0..<count).map { index in
        LabelledPerson(
          photograph: "/none/\(mark)-\(index).jpg", name: "\(mark)-\(index)",
          joints: (0..<skeleton.jointCount).map {
            .init(x: mark + Double(index), y: Double($0), isLabelled: true, isVisible: true)
          }, square: .init(centerX: 0, centerY: 0, side: 10))
      })
  }

  @Test func jointsAreThoseOfTheMix() throws {
    let mix = MixedDataset(
      skeleton: .mpii,
      [
        try .init(set(.mpii, count: 3, mark: 100), into: .mpii, name: "a"),
        try .init(set(.lsp, count: 4, mark: 200), into: .mpii, weight: 2, name: "b"),
        try .init(
          set(own, count: 5, mark: 300), into: .mpii, renamed: [("head top", "crown")], weight: 0.5, name: "c"),
      ])
    #expect(mix.count == 12 && mix.skeleton == .mpii && mix.visitsPerEpoch == 3 + 8 + 3)
    #expect(mix.portions.map(\.samples) == [0..<3, 3..<7, 7..<12] && mix.portions.map(\.visits) == [3, 8, 3])
    #expect(mix.name(of: 3) == "200.0-0" && mix.name(of: 11) == "300.0-4")
    #expect(try mix.annotation(2).joints.enumerated().allSatisfy { $1.x == 102 && $1.y == Double($0) })
    let lsp = try mix.annotation(6).joints
    // LSP's neck is the upper neck; it has neither pelvis nor thorax.
    #expect(lsp[8].y == 12 && lsp[9].y == 13 && lsp[15].y == 11 && lsp[10].y == 6 && lsp[0].x == 203)
    #expect(lsp.enumerated().filter { !$1.isLabelled }.map(\.offset) == [6, 7])
    let own = try mix.annotation(7).joints
    #expect(own[9].y == 0 && own[15].y == 1 && own.count { $0.isLabelled } == 2)
  }

  @Test func jointsThatAreNotThereAreNamed() {
    func problem(_ skeleton: Skeleton, _ renamed: [(joint: String, own: String)]) -> String? {
      dataError { () throws(DataError) in
        _ = try MixedDataset.Source(set(skeleton, count: 1, mark: 0), into: .coco, renamed: renamed, name: "x")
      }?.problem
    }
    #expect(problem(own, []) == nil)
    #expect(problem(own, [("nose", "snout")]) == "the set has no joint called snout: it has crown, left wrist, tail")
    #expect(problem(own, [("snout", "crown")])?.hasPrefix("the mix has no joint called snout: it has nose, ") == true)
    let other = Skeleton(jointNames: ["a", "b"], flipPairs: [], limbs: [], torso: (leftShoulder: 0, rightHip: 1))
    #expect(problem(other, [])?.hasPrefix("none of its joints is one of the mix's: nose, ") == true)
  }

  /// A sample that an epoch visits twice is not changed twice in the same way.
  @Test func repeatedSamplesAreChangedAnew() throws {
    let mix = MixedDataset(
      skeleton: .lsp, [try .init(MarkedDataset(count: 4), into: .lsp, weight: 2, name: "marked")])
    let loader = try BatchLoader(dataset: mix, seed: 1, batch: 8, inputResolution: 32, sigma: 1)
    let batch = try loader.next()
    defer { loader.recycle(batch) }
    #expect(loader.stepsPerEpoch == 1 && batch.samples.sorted() == [0, 0, 1, 1, 2, 2, 3, 3])
    for sample in 0..<4 {
      let places = batch.samples.indices.filter { batch.samples[$0] == sample }
      let pictures = places.map { Array(batch.images.image($0).values) }
      #expect(pictures[0] != pictures[1])
    }
  }
}
