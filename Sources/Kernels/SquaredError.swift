import Tensors

extension KernelContext {
  /// Σ m (a − b)² over a batch, and its gradient's multiple.
  ///
  /// - Parameters:
  ///   - a, b: N×H×W×C.
  ///   - mask: N×1×1×C, 1 where the channel counts and 0 where it is left out.
  ///   - gradient: where (keep ? gradient : 0) + scale · m (a − b) is written; nil where none is wanted.
  /// - Returns: the sum, in double, images in order.
  public func squaredError(
    _ a: Tensor, _ b: Tensor, mask: Tensor, gradient: Tensor?, scale: Double, keep: Bool
  ) -> Double {
    perform(KernelOperation("squared error", a.shape, numbers: (gradient == nil ? 2 : keep ? 4 : 3) * a.count)) {
      precondition(a.shape == b.shape && mask.shape.count == a.shape.n * a.shape.c)
      if isPlanning {
        reserveChannelSums(a.shape.n)
        return 0
      }
      let (rows, channels) = (a.shape.h * a.shape.w, a.shape.c)
      let sums = channelSums.pointer
      pool.run(a.shape.n) { image, _ in
        let offset = image * rows * channels
        sums[image] = table.squared_error(
          a.pointer + offset, b.pointer + offset, mask.pointer + image * channels, rows, Int32(channels), Real(scale),
          keep ? 1 : 0, gradient.map { $0.pointer + offset })
      }
      return (0..<a.shape.n).reduce(0) { $0 + sums[$1] }
    }
  }
}
