import COpenBLAS
import Tensors

/// A matrix in row-major order; `stride` is the distance between rows.
struct Matrix {
  let pointer: UnsafePointer<Real>
  let stride: Int
  var transposed = false
}

/// c = a·b + (keep ? c : 0), c being m×n, the sum over k; on the calling thread.
func multiply(
  _ a: Matrix, _ b: Matrix, into c: UnsafeMutablePointer<Real>, stride: Int, m: Int, n: Int, k: Int,
  keep: Bool = false
) {
  let turn = { (matrix: Matrix) in matrix.transposed ? CblasTrans : CblasNoTrans }
  #if EQUIPOISE_DOUBLE
    let gemm = cblas_dgemm
  #else
    let gemm = cblas_sgemm
  #endif
  gemm(
    CblasRowMajor, turn(a), turn(b), Int32(m), Int32(n), Int32(k), 1, a.pointer, Int32(a.stride), b.pointer,
    Int32(b.stride), keep ? 1 : 0, c, Int32(stride))
}
