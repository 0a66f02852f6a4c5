/// A loss or a gradient that is not a number or is infinite. Exit code 7.
public struct NotFiniteError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The step, counted from 1, that was not applied.
  public let step: Int
  /// `generator` or `discriminator`; nil where it is a loss.
  public let network: String?
  /// The first parameter whose gradient is not finite; nil where only the sum of squares overflowed.
  public let tensor: String?

  public var description: String {
    let what: String
    switch (network, tensor) {
    case (nil, _): what = "a loss"
    case (let network?, let tensor?): what = "the gradient of \(network).\(tensor)"
    case (let network?, nil): what = "the norm of the \(network)'s gradient"
    }
    return "step \(step): \(what) is not finite; the step was not applied"
  }
}
