import Kernels

extension Pass {
  /// Releases the gradient and the coefficients of a normalisation's gradient; the tensor it is the gradient of stays
  /// its owner's.
  public func release(_ source: Source) {
    guard context.isPlanning else { return }
    for tensor in source.owned { release(tensor) }
  }
}
