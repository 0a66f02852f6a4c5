import Layers
import Tensors

/// The discriminator (arXiv 1707.02439, section 3.2): a stacked hourglass that sees the image and heatmaps, and draws
/// the heatmaps again: D(h, X). Heatmaps that look like a person's it reconstructs well, others badly.
public struct Discriminator {
  private static let imageChannels = 3

  private let network: StackedHourglass
  private let joints: Int

  public init(_ store: ParameterStore, _ configuration: HourglassConfiguration, joints: Int) {
    self.joints = joints
    network = StackedHourglass(
      store, configuration, joints: joints, input: .maps(channels: Self.imageChannels + joints))
  }

  /// D(h, X), N×r×r×M: the last stack's heatmaps; the caller's to release.
  ///
  /// - Parameters:
  ///   - heatmaps: h, N×r×r×M.
  ///   - images: X, N×R×R×3, resized to r×r bilinearly.
  public func forward(_ heatmaps: Tensor, _ images: Tensor, _ pass: Pass) -> Tensor {
    let input = pass.allocate(heatmaps.shape.with(c: Self.imageChannels + joints))
    pass.context.resizeBilinear(images, into: input)
    pass.context.copyChannels(heatmaps, into: input, at: Self.imageChannels)
    network.forward(input, pass)
    pass.release(input)
    for output in pass.outputs.dropLast() { pass.release(output) }
    return pass.outputs.last!
  }

  /// From ∂L/∂D, which it takes over, to the parameters' gradients and Jᵀ g, the gradient of the heatmaps that went in;
  /// nil where that is not wanted.
  public func backward(_ gradient: Tensor, _ pass: Pass, wantsHeatmaps: Bool) -> Tensor? {
    pass.outputGradients.removeAll(keepingCapacity: true)
    for _ in 1..<max(1, network.configuration.stacks) { pass.outputGradients.append(nil) }
    pass.outputGradients.append(gradient)
    guard let dInput = network.backward(pass, wantsInput: wantsHeatmaps) else { return nil }
    let dHeatmaps = pass.allocate(dInput.shape.with(c: joints))
    pass.context.extractChannels(dInput, at: Self.imageChannels, into: dHeatmaps)
    pass.release(dInput)
    return dHeatmaps
  }
}
