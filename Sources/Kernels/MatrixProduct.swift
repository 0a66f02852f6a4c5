import Tensors

/// A matrix in row-major order; `stride` is the distance between rows.
struct Matrix {
  let pointer: UnsafePointer<Real>
  let stride: Int
  var transposed = false
}

extension KernelContext {
  /// c = a·b + (keep ? c : 0), c being m×n, the sum over k; on the calling thread.
  func multiply(
    _ a: Matrix, _ b: Matrix, into c: UnsafeMutablePointer<Real>, stride: Int, m: Int, n: Int, k: Int,
    keep: Bool = false
  ) {
    blas.multiply(a, b, into: c, stride: stride, m: m, n: n, k: k, keep: keep)
  }
}
