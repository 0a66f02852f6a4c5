import PoseData
import RunRecord
import Tensors

/// Finds a person's joints in a photograph.
public final class PosePredictor {
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

  /// Joints in the photograph's pixels, with their heatmaps' peaks, for the person in a square of it.
  public func predict(
    _ image: RGBImage, _ square: PoseAnnotation.Square
  ) -> [JointDecoder.Position] {
    let transform = CropTransform(square, inputResolution: resolution)
    let input = Tensor(memory.pointer, Shape(n: 1, h: resolution, w: resolution, c: 3))
    sampler.sample(image, transform, into: input)
    return estimator.withHeatmaps(input) { JointDecoder.positions($0, transform) }
  }
}
