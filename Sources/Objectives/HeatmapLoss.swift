import Kernels
import Tensors

/// How a loss over B·M·h·w squared errors is scaled. B is the *global* batch, and masked joints count in the divisor, so
/// that the losses and gradients of shards only add.
public enum LossReduction: String, Sendable, CaseIterable {
  /// Divided by B·M·h·w.
  case mean
  /// Divided by B.
  case sum

  /// The factor of Σ (a − b)² for heatmaps of `shape` (N×h×w×M, N any part of the batch).
  public func factor(globalBatch: Int, heatmaps shape: Shape) -> Double {
    switch self {
    case .mean: return 1 / Double(globalBatch * shape.c * shape.h * shape.w)
    case .sum: return 1 / Double(globalBatch)
    }
  }
}

/// Squared error between heatmaps over labelled joints: factor · Σ m (a − b)².
///
/// All four losses of the method are this one between different maps (arXiv 1707.02439, equations 1 to 5):
/// L_MSE compares C and Ĉ_n, L_real C and D(C, X), L_fake and L_adv Ĉ and D(Ĉ, X).
public struct HeatmapLoss {
  public let factor: Double

  public init(_ reduction: LossReduction, globalBatch: Int, heatmaps: Shape) {
    factor = reduction.factor(globalBatch: globalBatch, heatmaps: heatmaps)
  }

  /// The loss of one shard, and ∂L/∂a = 2 · factor · m (a − b), times `weight`.
  ///
  /// - Parameters:
  ///   - a, b: N×h×w×M.
  ///   - mask: N×1×1×M, 1 for a labelled joint, 0 for one whose errors are left out.
  ///   - gradient: where weight · ∂L/∂a is written, or with `accumulate` added; nil where it is not wanted.
  public func callAsFunction(
    _ a: Tensor, _ b: Tensor, mask: Tensor, gradient: Tensor? = nil, weight: Double = 1, accumulate: Bool = false,
    _ context: KernelContext
  ) -> Double {
    factor
      * context.squaredError(
        a, b, mask: mask, gradient: gradient, scale: 2 * factor * weight, keep: accumulate)
  }
}
