import Kernels
import Tensors

/// One run of one network over one batch: forward, and while training backward.
///
/// It carries what a layer must not: kept activations, whether this is training, where gradients and batch statistics
/// go, and who is told when a gradient is finished.
public final class Pass {
  public enum Mode: Sendable {
    /// Normalises with the batch's statistics and keeps what backward needs.
    case training
    /// Normalises with the running statistics and keeps nothing.
    case evaluation
  }

  /// Where parameter gradients go: block = (keep ? block : 0) + scale · gradient.
  public struct GradientTarget {
    let block: UnsafeMutablePointer<Real>
    let scale: Real
    let keep: Bool

    public init(block: UnsafeMutablePointer<Real>, scale: Real = 1, keep: Bool = false) {
      self.block = block
      self.scale = scale
      self.keep = keep
    }
  }

  public let context: KernelContext
  public let store: ParameterStore
  public let mode: Mode
  /// nil: parameters get no gradient in this pass.
  public var gradientTarget: GradientTarget?
  /// Where the batch's statistics are written (`ParameterStore.statisticsCount` numbers); nil: nowhere.
  public var batchStatistics: UnsafeMutablePointer<Double>?
  /// Told of each parameter, in the store's order, when its gradient is finished: the end of its range in the block.
  public var onGradientReady: ((_ end: Int) -> Void)?
  /// Looks at what the layers write; nil: nobody does.
  public var inspector: TensorInspector?
  /// Parameters in the order in which they were finished; recorded while planning.
  public private(set) var readyOrder: [ParameterStore.Parameter] = []
  private var kept: [Tensor] = []
  /// A network's results, N×h×w×M a stack; the caller's to release.
  public var outputs: [Tensor] = []
  /// The gradient of each result, for backward, which takes them over; nil: none but through later stacks.
  public var outputGradients: [Tensor?] = []

  public init(_ context: KernelContext, _ store: ParameterStore, _ mode: Mode) {
    self.context = context
    self.store = store
    self.mode = mode
  }

  public var isTraining: Bool { mode == .training }

  public func allocate(_ shape: Shape) -> Tensor { context.arena.allocate(shape) }
  public func release(_ tensor: Tensor) { context.arena.release(tensor) }

  public func release(_ activation: Activation) {
    release(activation.tensor)
    if let moments = activation.moments { release(moments.tensor) }
  }

  /// Releases the gradient and the coefficients of a normalisation's gradient; the tensor it is the gradient of stays
  /// its owner's.
  public func release(_ operand: Operand) { context.release(operand) }

  // MARK: What backward needs

  /// While training, keeps a tensor for backward; it stays its owner's as well.
  public func keep(_ tensor: Tensor) {
    guard isTraining else { return }
    context.arena.retain(tensor)
    kept.append(tensor)
  }

  /// While training, keeps a view for backward and takes over its coefficients; else releases them.
  public func keep(_ view: Normalized) {
    if isTraining {
      keep(view.tensor)
      kept.append(view.coefficients)
    } else {
      release(view.coefficients)
    }
  }

  /// The tensor kept last; the caller releases it.
  public func recallTensor() -> Tensor { kept.removeLast() }

  /// The view kept last; the caller releases it.
  public func recallNormalized() -> Normalized {
    let coefficients = kept.removeLast()
    return Normalized(tensor: kept.removeLast(), coefficients: coefficients)
  }

  public func release(_ view: Normalized) {
    release(view.tensor)
    release(view.coefficients)
  }

  // MARK: Gradients

  /// Where a parameter's gradient goes; nil: this pass takes none.
  public func gradient(of parameter: ParameterStore.Parameter) -> ParameterGradient? {
    gradientTarget.map {
      ParameterGradient(values: $0.block + store.range(parameter).lowerBound, scale: $0.scale, keep: $0.keep)
    }
  }

  /// Says that a parameter's gradient is where it goes: once in a pass's backward for each parameter, wanted or not.
  ///
  /// The order of these calls becomes the order of the parameters in the block.
  public func finished(_ parameter: ParameterStore.Parameter) {
    showGradient(of: parameter)
    if context.isPlanning {
      readyOrder.append(parameter)
    } else if let onGradientReady {
      onGradientReady(store.range(parameter).upperBound)
    }
  }
}
