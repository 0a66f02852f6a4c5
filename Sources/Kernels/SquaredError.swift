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
    precondition(a.shape == b.shape && mask.shape.count == a.shape.n * a.shape.c)
    let (images, rows, channels) = (a.shape.n, a.shape.h * a.shape.w, a.shape.c)
    return perform(
      KernelOperation("squared error", a.shape, numbers: (gradient == nil ? 2 : keep ? 4 : 3) * a.count),
      scratch: images * MemoryLayout<Double>.stride, whilePlanning: 0
    ) { workers in
      let sums = workers.doubles
      workers.run(images) { image, _ in
        let offset = image * rows * channels
        sums[image] = workers.table.squared_error(
          a.pointer + offset, b.pointer + offset, mask.pointer + image * channels, rows, Int32(channels), Real(scale),
          keep ? 1 : 0, gradient.map { $0.pointer + offset })
      }
      return (0..<images).reduce(0) { $0 + sums[$1] }
    }
  }
}
