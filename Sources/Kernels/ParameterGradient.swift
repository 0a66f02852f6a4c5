import Tensors

/// Where the gradient of one parameter goes: values = (keep ? values : 0) + scale · (the gradient).
public struct ParameterGradient {
  /// As many as the parameter has.
  public let values: UnsafeMutablePointer<Real>
  public let scale: Real
  public let keep: Bool

  public init(values: UnsafeMutablePointer<Real>, scale: Real, keep: Bool) {
    self.values = values
    self.scale = scale
    self.keep = keep
  }

  /// Whether nothing is added, so that the gradient need not be known: D's on the fake where k_t is 0.
  public var isNothing: Bool { scale == 0 && keep }

  /// Takes in one number of the gradient.
  public func add(_ gradient: Real, at index: Int) {
    values[index] = (keep ? values[index] : 0) + scale * gradient
  }

  /// The same gradient, unscaled and at a place of its own; nothing where this is.
  func apart(at place: UnsafeMutablePointer<Real>) -> ParameterGradient {
    ParameterGradient(values: place, scale: isNothing ? 0 : 1, keep: isNothing)
  }
}
