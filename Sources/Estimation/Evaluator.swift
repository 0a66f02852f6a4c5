import Communication
import Configuration
import PoseData
import Tensors

/// Predicts a data set, dealt out over ranks so that every sample counts once at any number of them.
public final class Evaluator {
  /// A sample with what was predicted for it, for pictures.
  public struct Example {
    public let image: RGBImage
    public let predicted: [PoseAnnotation.Joint]
    public let truth: [PoseAnnotation.Joint]
  }

  private let dataset: any PoseDataset
  private let onBroken: BrokenSamplePolicy
  private let communicator: any Communicator
  private let renderer: SampleRenderer
  private let images: Buffer<Real>
  private let heatmaps: Buffer<Real>
  private let mask: Buffer<Real>
  private let inputResolution: Int
  private let batch: Int

  public init(
    _ dataset: any PoseDataset, _ configuration: Configuration, batch: Int, communicator: any Communicator
  ) {
    self.dataset = dataset
    self.batch = batch
    self.communicator = communicator
    onBroken = configuration.data.onBroken
    inputResolution = configuration.data.inputResolution
    let joints = dataset.skeleton.jointCount
    let side = configuration.heatmapResolution
    renderer = SampleRenderer(
      dataset: dataset, inputResolution: inputResolution, target: configuration.heatmapTarget)
    images = Buffer(count: batch * inputResolution * inputResolution * 3)
    heatmaps = Buffer(count: batch * side * side * joints)
    mask = Buffer(count: batch * joints)
  }

  /// What was predicted for every sample, the same on every rank.
  public struct Outcome {
    /// In the photograph's pixels; nil for a sample that could not be read.
    public let predictions: [[JointDecoder.Position]?]
    /// The first of rank 0's samples.
    public let examples: [Example]
  }

  /// Predicts every sample once, whatever the number of ranks.
  ///
  /// - Parameter examples: how many to keep for pictures.
  public func evaluate(
    _ estimator: PoseEstimator, _ testTime: TestTime = TestTime(), examples: Int = 0
  ) throws -> Outcome {
    let (rank, worldSize) = (communicator.rank, communicator.worldSize)
    let own = dataset.count * rank / worldSize..<dataset.count * (rank + 1) / worldSize
    let joints = dataset.skeleton.jointCount
    let side = inputResolution / 4
    let input = Tensor(images.pointer, Shape(n: batch, h: inputResolution, w: inputResolution, c: 3))
    let truth = Tensor(heatmaps.pointer, Shape(n: batch, h: side, w: side, c: joints))
    let flags = Tensor(mask.pointer, Shape(n: batch, h: 1, w: 1, c: joints))
    let averaged =
      testTime.isOneLook ? nil : AveragedHeatmaps(truth.shape, dataset.skeleton, looks: testTime.looks)
    var predictions: [[JointDecoder.Position]?] = []
    var shown: [Example] = []
    for first in stride(from: own.lowerBound, to: own.upperBound, by: batch) {
      communicator.activity.enter("evaluating")
      let indices = first..<min(first + batch, own.upperBound)
      let range = 0..<indices.count
      // The last batch may be short; what an earlier one left in the other places is computed and not looked at.
      func render(scale: Double) throws(DataError) -> [CropTransform?] {
        try renderer.render(
          indices, scale: scale, onBroken: onBroken, images: input.images(range), heatmaps: truth.images(range),
          mask: flags.images(range))
      }
      func take(_ maps: Tensor, _ transforms: [CropTransform?]) throws {
        for (place, index) in indices.enumerated() {
          guard let transform = transforms[place] else {
            predictions.append(nil)
            continue
          }
          predictions.append(JointDecoder.positions(maps.image(place), transform))
          if rank == 0 && shown.count < examples {
            shown.append(try example(index, maps.image(place), try dataset.annotation(index), transform))
          }
        }
      }
      guard let averaged else {
        let transforms = try render(scale: 1)
        try estimator.withHeatmaps(input) { try take($0, transforms) }
        continue
      }
      averaged.begin()
      // Positions are read off the mean on the grid of scale 1; a sample that one look cannot read has none.
      var whole: [CropTransform?] = []
      for (number, scale) in testTime.scales.enumerated() {
        let transforms = try render(scale: scale).map { $0?.scaled(by: 1 / scale) }
        whole = number == 0 ? transforms : zip(whole, transforms).map { $1 == nil ? nil : $0 }
        for isFlipped in testTime.flips ? [false, true] : [false] {
          if isFlipped { Self.mirror(input) }
          estimator.withHeatmaps(input) { averaged.add($0, scale: scale, isFlipped: isFlipped) }
        }
      }
      try take(averaged.mean, whole)
    }
    return Outcome(predictions: try gather(predictions), examples: shown)
  }

  private static func mirror(_ images: Tensor) {
    let (rows, width) = (images.shape.n * images.shape.h, images.shape.w)
    for row in 0..<rows {
      let line = images.pointer + row * width * 3
      for column in 0..<width / 2 {
        for channel in 0..<3 { swap(&line[column * 3 + channel], &line[(width - 1 - column) * 3 + channel]) }
      }
    }
  }

  /// All ranks' predictions, in the order of the samples.
  private func gather(_ own: [[JointDecoder.Position]?]) throws -> [[JointDecoder.Position]?] {
    let joints = dataset.skeleton.jointCount
    var words: [UInt64] = []
    for positions in own {
      words.append(positions == nil ? 0 : 1)
      let values = positions?.flatMap { [$0.x, $0.y, $0.score] } ?? Array(repeating: 0, count: 3 * joints)
      words += values.map(\.bitPattern)
    }
    let length = 1 + 3 * joints
    return try communicator.allGather(words.withUnsafeBytes { Array($0) }).flatMap { bytes in
      let words = bytes.withUnsafeBytes { Array($0.bindMemory(to: UInt64.self)) }
      return stride(from: 0, to: words.count, by: length).map { start -> [JointDecoder.Position]? in
        guard words[start] == 1 else { return nil }
        return (0..<joints).map { joint in
          let values = (0..<3).map { Double(bitPattern: words[start + 1 + 3 * joint + $0]) }
          return JointDecoder.Position(x: values[0], y: values[1], score: values[2])
        }
      }
    }
  }

  /// The crop at twice the network's resolution, with joints in its pixels.
  private func example(
    _ index: Int, _ heatmaps: Tensor, _ annotation: PoseAnnotation, _ transform: CropTransform
  ) throws -> Example {
    let display = CropTransform(annotation.square, inputResolution: 2 * inputResolution)
    return Example(
      image: try dataset.image(index).cropped(display),
      predicted: display.input(JointDecoder.joints(JointDecoder.positions(heatmaps, transform))),
      truth: display.input(annotation.joints))
  }
}
