import Configuration
import Metrics
import Platform
import PoseData

/// Predictions for others: a list of our own, and the form in which a set's evaluation takes them.
public struct PredictionExport {
  private let dataset: any PoseDataset
  private let predictions: [[JointDecoder.Position]?]

  public init(_ dataset: any PoseDataset, _ predictions: [[JointDecoder.Position]?]) {
    self.dataset = dataset
    self.predictions = predictions
  }

  /// Writes `predictions.json`, and beside it what `kind` has:
  /// COCO's results (`results.json`); for MPII `pos_pred_src`, 16×2×N, and for LSP and LSPET `pred`, 2×14×N, in
  /// `predictions.mat`, pixels from 1, samples that could not be read at 0.
  public func write(_ kind: Configuration.Data.Kind, to folder: String) throws {
    try FileSystem.write(JSONValue.array(samples).text + "\n", to: "\(folder)/predictions.json")
    switch kind {
    case .coco: try Self.writeResults(cocoPeople(), to: folder)
    case .mpii:
      try MatFile.write(
        table([16, 2, predictions.count]) { $0.map(\.x) + $0.map(\.y) }, variable: "pos_pred_src",
        to: "\(folder)/predictions.mat")
    case .lsp, .lspet:
      try MatFile.write(
        table([2, 14, predictions.count]) { $0.flatMap { [$0.x, $0.y] } }, variable: "pred",
        to: "\(folder)/predictions.mat")
    case .synthetic, .keypoints, .mix: break
    }
  }

  private var samples: [JSONValue] {
    predictions.enumerated().map { index, positions in
      let joints = (positions ?? []).map { position in
        JSONValue.array([JSONValue(position.x), JSONValue(position.y), JSONValue(position.score)])
      }
      return .object(["sample": .string(dataset.name(of: index)), "joints": .array(joints)])
    }
  }

  private func cocoPeople() throws(DataError) -> [FoundPerson] {
    var people: [FoundPerson] = []
    for (index, positions) in predictions.enumerated() {
      guard let positions, let image = dataset.details(index).imageID else { continue }
      people.append(FoundPerson(imageID: image, joints: positions, in: try dataset.annotation(index).square))
    }
    return people
  }

  /// Writes `results.json`: people as COCO's evaluation takes them.
  public static func writeResults(_ people: [FoundPerson], to folder: String) throws(FileSystemError) {
    let results = people.map { person -> JSONValue in
      .object([
        "image_id": JSONValue(person.imageID), "category_id": JSONValue(1),
        "keypoints": .array(person.joints.flatMap { [JSONValue($0.x), JSONValue($0.y), JSONValue($0.score)] }),
        "score": JSONValue(person.score),
      ])
    }
    try FileSystem.write(JSONValue.array(results).text + "\n", to: "\(folder)/results.json")
  }

  private func table(_ extents: [Int], _ row: ([JointDecoder.Position]) -> [Double]) -> MatFile.Array {
    let none = Array(repeating: 0.0, count: extents[0] * extents[1])
    return MatFile.Array(
      extents: extents, values: predictions.flatMap { positions in positions.map { row($0).map { $0 + 1 } } ?? none })
  }
}
