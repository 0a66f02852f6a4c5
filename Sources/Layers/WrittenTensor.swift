import Tensors

/// A tensor that a layer has just written, as a debugger is shown it.
public struct WrittenTensor {
  /// What it is to its layer.
  public enum Role: Sendable, Equatable {
    case output
    /// What a normalisation multiplies by and adds, with the mean and deviation they come from: 1×1×4×C.
    case coefficients
    case outputGradient
    case inputGradient
    /// Of the parameter that the layer calls so: `weight`.
    case parameterGradient(String)

    public var name: String {
      switch self {
      case .output: "output"
      case .coefficients: "coefficients"
      case .outputGradient: "gradient of output"
      case .inputGradient: "gradient of input"
      case .parameterGradient(let parameter): "gradient of \(parameter)"
      }
    }

    public var isGradient: Bool { self != .output && self != .coefficients }
  }

  /// The layer's name, as parameters bear it: `stacks.0.hourglass.upper.0.conv1`.
  public let layer: String
  public let role: Role
  /// Its values, which are the layer's: to be looked at before `TensorInspector` returns.
  public let tensor: Tensor
}

/// Is shown every tensor that a pass writes, in the order in which that happens.
public typealias TensorInspector = (WrittenTensor) -> Void

extension Pass {
  /// Shows a tensor that has just been written. Nothing but a comparison where nobody looks.
  public func show(_ tensor: Tensor, _ role: WrittenTensor.Role, of layer: @autoclosure () -> String) {
    guard let inspector else { return }
    context.perform { _ in inspector(WrittenTensor(layer: layer(), role: role, tensor: tensor)) }
  }

  /// Shows a parameter's gradient, as far as this and earlier passes have summed it.
  func showGradient(of parameter: ParameterStore.Parameter) {
    guard inspector != nil, let gradient = gradient(of: parameter) else { return }
    let entry = store.parameters[parameter.index]
    let extents = Array(repeating: 1, count: 4 - entry.shape.count) + entry.shape
    let shape = Shape(n: extents[0], h: extents[1], w: extents[2], c: extents[3])
    show(Tensor(gradient.values, shape), .parameterGradient(entry.lastName), of: entry.layer)
  }
}
