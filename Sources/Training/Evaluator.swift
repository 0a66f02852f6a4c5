import Communication
import Kernels
import Metrics
import PoseData
import Tensors

/// PCK over a data set, dealt out over ranks so that every sample counts once at any number of them.
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
    onBroken = configuration.brokenSamples
    inputResolution = configuration.data.inputResolution
    let joints = dataset.skeleton.jointCount
    let side = configuration.heatmapResolution
    renderer = SampleRenderer(
      dataset: dataset, inputResolution: inputResolution, target: configuration.heatmapTarget)
    images = Buffer(count: batch * inputResolution * inputResolution * 3)
    heatmaps = Buffer(count: batch * side * side * joints)
    mask = Buffer(count: batch * joints)
  }

  /// PCK@0.2 over the whole set, the same on every rank, and the first `examples` of rank 0's samples.
  public func evaluate(_ estimator: PoseEstimator, examples: Int = 0) throws -> (pck: PCK, examples: [Example]) {
    let (rank, worldSize) = (communicator.rank, communicator.worldSize)
    let own = dataset.count * rank / worldSize..<dataset.count * (rank + 1) / worldSize
    let joints = dataset.skeleton.jointCount
    let side = inputResolution / 4
    let shape = Shape(n: batch, h: inputResolution, w: inputResolution, c: 3)
    let input = Tensor(images.pointer, shape)
    let truth = Tensor(heatmaps.pointer, Shape(n: batch, h: side, w: side, c: joints))
    let flags = Tensor(mask.pointer, Shape(n: batch, h: 1, w: 1, c: joints))
    var pck = PCK(dataset.skeleton)
    var shown: [Example] = []
    for first in stride(from: own.lowerBound, to: own.upperBound, by: batch) {
      communicator.activity.enter("evaluating")
      let indices = first..<min(first + batch, own.upperBound)
      let range = 0..<indices.count
      // The last batch may be short; what an earlier one left in the other places is computed and not looked at.
      let transforms = try renderer.render(
        indices, onBroken: onBroken, images: input.images(range), heatmaps: truth.images(range),
        mask: flags.images(range))
      try estimator.withHeatmaps(input) { predicted in
        for (place, index) in indices.enumerated() {
          guard let transform = transforms[place] else { continue }
          let annotation = try dataset.annotation(index)
          pck.add(JointDecoder.positions(predicted.image(place), transform), annotation.joints)
          if rank == 0 && shown.count < examples {
            shown.append(try example(index, predicted.image(place), annotation, transform))
          }
        }
      }
    }
    let words = pck.counts.map { UInt64($0) }
    let bytes = words.withUnsafeBytes { Array($0) }
    for (other, gathered) in try communicator.allGather(bytes).enumerated() where other != rank {
      pck.merge(counts: gathered.withUnsafeBytes { Array($0.bindMemory(to: UInt64.self)).map { Int($0) } })
    }
    return (pck, shown)
  }

  /// The crop at twice the network's resolution, with joints in its pixels.
  private func example(
    _ index: Int, _ heatmaps: Tensor, _ annotation: PoseAnnotation, _ transform: CropTransform
  ) throws -> Example {
    let side = 2 * inputResolution
    let display = CropTransform(
      centerX: annotation.centerX, centerY: annotation.centerY, side: annotation.side, inputResolution: side)
    let pixels = Buffer<Real>(count: side * side * 3)
    let crop = Tensor(pixels.pointer, Shape(n: 1, h: side, w: side, c: 3))
    CropSampler().sample(try dataset.image(index), display, into: crop)
    func shown(_ x: Double, _ y: Double, _ isLabelled: Bool, _ isVisible: Bool) -> PoseAnnotation.Joint {
      let point = display.input(x: x, y: y)
      return PoseAnnotation.Joint(x: point.x, y: point.y, isLabelled: isLabelled, isVisible: isVisible)
    }
    return Example(
      image: RGBImage(crop),
      predicted: JointDecoder.positions(heatmaps, transform).map { shown($0.x, $0.y, true, true) },
      truth: annotation.joints.map { shown($0.x, $0.y, $0.isLabelled, $0.isVisible) })
  }
}
