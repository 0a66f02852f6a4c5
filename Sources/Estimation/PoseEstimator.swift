import Configuration
import Kernels
import Layers
import PoseModels
import RunRecord
import Tensors

/// A trained generator at work: images in, heatmaps out, with running statistics.
public final class PoseEstimator {
  /// Images it takes at a time.
  public let batch: Int
  private let network: StackedHourglass
  private let store: ParameterStore
  private let context: KernelContext

  /// - Parameters:
  ///   - store: the parameters of `network`, laid out; shared with a trainer, the estimator follows its training.
  ///   - context: for this estimator alone.
  public init(
    _ network: StackedHourglass, _ store: ParameterStore, batch: Int, inputResolution: Int, _ context: KernelContext
  ) {
    self.network = network
    self.store = store
    self.batch = batch
    self.context = context
    let images = Tensor.shapeOnly(Shape(n: batch, h: inputResolution, w: inputResolution, c: 3))
    context.arena.plan { estimate(images) { _ in } }
  }

  /// A generator read from a checkpoint.
  public convenience init(
    _ configuration: Configuration, joints: Int, checkpoint: SafetensorsFile, batch: Int, _ context: KernelContext
  ) throws(CheckpointError) {
    let store = ParameterStore()
    let network = StackedHourglass(
      store, configuration.model.generator, joints: joints, input: .photograph)
    store.layOut()
    try store.read("generator", from: checkpoint)
    self.init(network, store, batch: batch, inputResolution: configuration.data.inputResolution, context)
  }

  /// Gives `body` the last stack's heatmaps of `images`, N×R×R×3 with N = `batch`; they are valid within it.
  public func withHeatmaps<Result>(_ images: Tensor, _ body: (Tensor) throws -> Result) rethrows -> Result {
    precondition(images.shape.n == batch, "\(images.shape.n) images, not \(batch)")
    return try context.arena.run { () throws in
      var result: Result?
      try estimate(images) { result = try body($0) }
      return result!
    }
  }

  private func estimate(_ images: Tensor, _ body: (Tensor) throws -> Void) rethrows {
    let pass = Pass(context, store, .evaluation)
    network.forward(images, pass)
    for output in pass.outputs.dropLast() { pass.release(output) }
    try body(pass.outputs.last!)
    pass.release(pass.outputs.last!)
  }
}
