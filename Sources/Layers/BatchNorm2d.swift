import Kernels
import Tensors

/// Batch normalisation followed by ReLU (Ioffe and Szegedy, arXiv 1502.03167), ε 1e-5, momentum 0.1.
///
/// It computes a few numbers a channel; the convolution that reads its result applies them (`Operand.normalized`), and
/// its gradient likewise (`Operand.gradient`).
public struct BatchNorm2d {
  public static let epsilon = 1e-5

  public let weight: ParameterStore.Parameter
  public let bias: ParameterStore.Parameter
  private let statistics: ParameterStore.Statistics

  public init(_ store: ParameterStore, _ name: String, channels: Int) {
    weight = store.declare("\(name).weight", shape: [channels], .constant(1))
    bias = store.declare("\(name).bias", shape: [channels], .constant(0))
    statistics = store.declareStatistics(name, channels: channels)
  }

  /// max(0, γ (x − μ)/√(σ² + ε) + β), as a view of x. Training: μ and σ² are the batch's and are written to the pass's
  /// statistics; evaluation: the running ones.
  public func forward(_ x: Activation, _ pass: Pass) -> Normalized {
    let store = pass.store
    let (mean, variance): (UnsafeMutablePointer<Real>, UnsafeMutablePointer<Real>)
    if pass.isTraining {
      let moments = x.moments!
      (mean, variance) = (moments.mean, moments.variance)
      pass.context.perform { _ in record(x, moments, pass) }
    } else {
      (mean, variance) = (store.runningMean(statistics), store.runningVariance(statistics))
    }
    let view = pass.context.normalize(
      x.tensor, mean: mean, variance: variance, weight: store.pointer(weight), bias: store.pointer(bias),
      epsilon: Self.epsilon)
    pass.show(view.coefficients, .coefficients, of: store.layer(of: weight))
    return view
  }

  /// The gradient of x from that of the view, with the sums gathered while it was written.
  public func backward(_ gradient: (gradient: Tensor, sums: Partials), _ view: Normalized, _ pass: Pass) -> Operand {
    let operand = pass.context.normalizeBackward(
      gradient.gradient, gradient.sums, of: view, weight: pass.store.pointer(weight),
      weightGradient: pass.gradient(of: weight), biasGradient: pass.gradient(of: bias))
    pass.finished(weight)
    pass.finished(bias)
    return operand
  }

  private func record(_ x: Activation, _ moments: Moments, _ pass: Pass) {
    guard let all = pass.batchStatistics else { return }
    let channels = moments.channels
    let to = all + pass.store.statisticsOffset(statistics)
    to[0] = Double(x.shape.rows)
    for c in 0..<channels {
      let mean = Double(moments.mean[c])
      to[1 + c] = mean
      to[1 + channels + c] = mean * mean
      to[1 + 2 * channels + c] = Double(moments.variance[c])
    }
  }
}
