import Configuration
import Kernels
import Layers
import PoseData
import PoseModels
import RunRecord
import Tensors

/// Both networks of a checkpoint at work: what the generator says, and what the discriminator makes of it.
public final class PoseCritic {
  /// What both say of one person.
  public struct Critique {
    /// Side of the heatmaps, r.
    public let side: Int
    /// Ĉ = G(X), and D(Ĉ, X), each r×r×M.
    public let generated: [Real]
    public let reconstructed: [Real]
    /// Where the generator sees the joints, in the photograph's pixels, and its heatmaps' peaks.
    public let joints: [JointDecoder.Position]
    /// For each joint how far the discriminator's map is from the generator's: Σ (Ĉ_j − D_j)² / Σ Ĉ_j².
    public let doubt: [Double]
    public let transform: CropTransform
  }

  public let skeleton: Skeleton
  private let generator: StackedHourglass
  private let discriminator: Discriminator
  private let generatorStore: ParameterStore
  private let discriminatorStore: ParameterStore
  private let context: KernelContext
  private let sampler = CropSampler()
  private let memory: Buffer<Real>
  private let resolution: Int

  /// - Parameters:
  ///   - generatorStore: the parameters of `generator`, laid out; shared with a trainer, the critic follows its training.
  ///   - context: for this critic alone.
  public init(
    _ generator: StackedHourglass, _ generatorStore: ParameterStore, _ discriminator: Discriminator,
    _ discriminatorStore: ParameterStore, _ skeleton: Skeleton, inputResolution: Int, _ context: KernelContext
  ) {
    self.skeleton = skeleton
    self.generator = generator
    self.generatorStore = generatorStore
    self.discriminator = discriminator
    self.discriminatorStore = discriminatorStore
    self.context = context
    resolution = inputResolution
    memory = Buffer(count: resolution * resolution * 3)
    let images = Tensor.shapeOnly(Shape(n: 1, h: resolution, w: resolution, c: 3))
    context.arena.plan { criticize(images) { _, _ in } }
  }

  /// Both networks, read from a checkpoint.
  ///
  /// - Throws: where the run was not adversarial, and so has no discriminator.
  public convenience init(
    _ configuration: Configuration, _ checkpoint: Checkpoint, _ context: KernelContext
  ) throws {
    guard configuration.adversarial.enabled else {
      throw CheckpointError(checkpoint.path, "is of a run without a discriminator (adversarial.enabled: false)")
    }
    let skeleton = try checkpoint.skeleton
    let (generatorStore, discriminatorStore) = (ParameterStore(), ParameterStore())
    let generator = StackedHourglass(
      generatorStore, configuration.model.generator, joints: skeleton.jointCount, input: .photograph)
    let discriminator = Discriminator(
      discriminatorStore, configuration.model.discriminator, joints: skeleton.jointCount)
    for (store, name) in [(generatorStore, "generator"), (discriminatorStore, "discriminator")] {
      store.layOut()
      try store.read(name, from: checkpoint.state)
    }
    self.init(
      generator, generatorStore, discriminator, discriminatorStore, skeleton,
      inputResolution: configuration.data.inputResolution, context)
  }

  /// What both say of the person in a square of a photograph.
  public func critique(_ image: RGBImage, _ square: PoseAnnotation.Square) -> Critique {
    let transform = CropTransform(square, inputResolution: resolution)
    let input = Tensor(memory.pointer, Shape(n: 1, h: resolution, w: resolution, c: 3))
    sampler.sample(PhotographPart(image), transform, into: input)
    return context.arena.run {
      var critique: Critique?
      criticize(input) { generated, reconstructed in
        critique = Critique(
          side: generated.shape.w, generated: Array(generated.values), reconstructed: Array(reconstructed.values),
          joints: JointDecoder.positions(generated, transform), doubt: Self.doubt(generated, reconstructed),
          transform: transform)
      }
      return critique!
    }
  }

  private func criticize(_ images: Tensor, _ body: (_ generated: Tensor, _ reconstructed: Tensor) -> Void) {
    let pass = Pass(context, generatorStore, .evaluation)
    generator.forward(images, pass)
    for output in pass.outputs.dropLast() { pass.release(output) }
    let generated = pass.outputs.last!
    let secondPass = Pass(context, discriminatorStore, .evaluation)
    let reconstructed = discriminator.forward(generated, images, secondPass)
    body(generated, reconstructed)
    secondPass.release(reconstructed)
    pass.release(generated)
  }

  private static func doubt(_ generated: Tensor, _ reconstructed: Tensor) -> [Double] {
    let joints = generated.shape.c
    return (0..<joints).map { joint in
      var (difference, whole) = (0.0, 0.0)
      for place in stride(from: joint, to: generated.count, by: joints) {
        let (said, drawn) = (Double(generated.pointer[place]), Double(reconstructed.pointer[place]))
        difference += (said - drawn) * (said - drawn)
        whole += said * said
      }
      return difference / max(whole, .leastNormalMagnitude)
    }
  }
}
