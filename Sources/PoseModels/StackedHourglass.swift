import Layers
import Tensors

/// Stacked hourglass network (Newell et al., arXiv 1603.06937): a stem, then stacks that each draw heatmaps and pass
/// them on to the next.
public struct StackedHourglass {
  /// What the network looks at.
  public enum Input: Sendable {
    /// Photographs, N×R×R×3: 7×7 convolution of stride 2 and a pooling, to maps of R/4.
    case photograph
    /// Maps that already have the heatmaps' size, N×r×r×channels: 3×3 convolution, no pooling.
    case maps(channels: Int)
  }

  /// One stack: an hourglass, modules, features, heatmaps, and the way of both back into the next stack.
  private struct Stack {
    let hourglass: Hourglass
    let modules: Chain
    let features: Conv2d
    let featuresNorm: BatchNorm2d
    let heatmaps: Conv2d
    let mergeFeatures: Conv2d?
    let mergeHeatmaps: Conv2d?
  }

  public let configuration: HourglassConfiguration
  private let stem: Stem
  private let stacks: [Stack]

  public init(_ store: ParameterStore, _ configuration: HourglassConfiguration, joints: Int, input: Input) {
    self.configuration = configuration
    let width = configuration.features
    stem = Stem(store, configuration, input: input)
    stacks = (0..<configuration.stacks).map { index in
      let name = "stacks.\(index)"
      let isLast = index == configuration.stacks - 1
      return Stack(
        hourglass: Hourglass(
          store, "\(name).hourglass", depth: configuration.depth, features: width, modules: configuration.modules),
        modules: .residuals(store, "\(name).modules", features: width, modules: configuration.modules),
        features: Conv2d(store, "\(name).features.conv", in: width, out: width),
        featuresNorm: BatchNorm2d(store, "\(name).features.norm", channels: width),
        heatmaps: Conv2d(store, "\(name).heatmaps", in: width, out: joints),
        mergeFeatures: isLast ? nil : Conv2d(store, "\(name).merge_features", in: width, out: width),
        mergeHeatmaps: isLast ? nil : Conv2d(store, "\(name).merge_heatmaps", in: joints, out: width))
    }
  }

  /// Draws heatmaps, N×r×r×M, one tensor a stack, into the pass's outputs. The input stays its owner's.
  public func forward(_ input: Tensor, _ pass: Pass) {
    pass.outputs.removeAll(keepingCapacity: true)
    var x = stem.forward(input, pass)
    for stack in stacks {
      let hourglass = stack.hourglass.forward(x, pass)
      let modules = stack.modules.forward(hourglass, pass)
      pass.release(hourglass)
      let features = stack.features.forward(.plain(modules.tensor), pass)
      pass.keep(modules.tensor)
      pass.release(modules)
      let view = stack.featuresNorm.forward(features, pass)
      let heatmaps = stack.heatmaps.forward(.normalized(view), pass, gathersMoments: false)
      pass.outputs.append(heatmaps.tensor)
      if let mergeFeatures = stack.mergeFeatures, let mergeHeatmaps = stack.mergeHeatmaps {
        let merged = mergeFeatures.forward(.normalized(view), pass, adding: x.tensor, gathersMoments: false)
        let next = mergeHeatmaps.forward(.plain(heatmaps.tensor), pass, adding: merged.tensor)
        pass.keep(heatmaps.tensor)
        pass.release(merged)
        pass.release(x)
        x = next
      }
      pass.keep(view)
      pass.release(features)
    }
    pass.release(x)
  }

  /// From the gradients of the outputs (`Pass.outputGradients`, which it takes over) to those of all parameters, and of
  /// the input where wanted; that one is the caller's to release.
  public func backward(_ pass: Pass, wantsInput: Bool) -> Tensor? {
    var dNext: Tensor?
    for index in stacks.indices.reversed() {
      let stack = stacks[index]
      var dHeatmaps = pass.outputGradients[index]
      if let dHeatmaps { pass.show(dHeatmaps, .outputGradient, of: "stacks.\(index).heatmaps") }
      let view = pass.recallNormalized()
      var dFromMerge: Tensor?
      if let dNext, let mergeFeatures = stack.mergeFeatures, let mergeHeatmaps = stack.mergeHeatmaps {
        let heatmaps = pass.recallTensor()
        let dMerged = mergeHeatmaps.backward(.plain(heatmaps), .plain(dNext), pass, adding: dHeatmaps)!
        pass.release(heatmaps)
        if let dHeatmaps { pass.release(dHeatmaps) }
        dHeatmaps = dMerged
        dFromMerge = mergeFeatures.backward(.normalized(view), .plain(dNext), pass)
      }
      let dView = stack.heatmaps.backward(view, .plain(dHeatmaps!), pass, adding: dFromMerge)
      pass.release(dHeatmaps!)
      if let dFromMerge { pass.release(dFromMerge) }
      let dFeatures = stack.featuresNorm.backward(dView, view, pass)
      let modules = pass.recallTensor()
      let dModules = stack.features.backward(.plain(modules), dFeatures, pass)!
      pass.release(dFeatures)
      pass.release(view)
      pass.release(modules)
      let dx = stack.hourglass.backward(stack.modules.backward(dModules, pass), pass)
      if let passedBy = dNext {
        pass.context.add(.plain(passedBy), to: dx)
        pass.show(dx, .inputGradient, of: "stacks.\(index)")
        pass.release(passedBy)
      }
      dNext = dx
    }
    return stem.backward(dNext!, pass, wantsInput: wantsInput)
  }
}
