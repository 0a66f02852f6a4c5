import Configuration
import PoseData
import RunRecord
import Tensors

/// Finds a person's joints in a photograph.
public final class PosePredictor {
  /// What is said of one person.
  public struct Prediction {
    /// In the photograph's pixels, with their heatmaps' peaks.
    public let joints: [JointDecoder.Position]
    /// r×r×M, of the crop.
    public let heatmaps: [Real]
    public let transform: CropTransform
  }

  private let estimator: PoseEstimator
  private let sampler = CropSampler()
  private let memory: Buffer<Real>
  private let resolution: Int

  public init(
    _ configuration: Configuration, joints: Int, checkpoint: SafetensorsFile, _ machine: Machine
  ) throws(CheckpointError) {
    resolution = configuration.data.inputResolution
    memory = Buffer(count: resolution * resolution * 3)
    estimator = try PoseEstimator(
      configuration, joints: joints, checkpoint: checkpoint, batch: 1, machine.makeContext())
  }

  /// The person in a square of the photograph.
  public func predict(_ image: RGBImage, _ square: PoseAnnotation.Square) -> Prediction {
    let transform = CropTransform(square, inputResolution: resolution)
    let input = Tensor(memory.pointer, Shape(n: 1, h: resolution, w: resolution, c: 3))
    sampler.sample(PhotographPart(image), transform, into: input)
    return estimator.withHeatmaps(input) { maps in
      Prediction(joints: JointDecoder.positions(maps, transform), heatmaps: Array(maps.values), transform: transform)
    }
  }
}
