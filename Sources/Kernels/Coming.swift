import CKernels
import Tensors

extension ck_coming {
  /// Adds `rows` of a tensor to what is brought; nothing where there is no tensor.
  mutating func append(_ tensor: Tensor?, rows: Range<Int>) {
    guard let tensor, !rows.isEmpty else { return }
    precondition(number < 4, "too much at once")
    let start = UnsafePointer(tensor.pointer + rows.lowerBound * tensor.shape.c)
    let count = rows.count * tensor.shape.c
    withUnsafeMutableBytes(of: &from) { $0.bindMemory(to: UnsafePointer<Real>?.self)[Int(number)] = start }
    withUnsafeMutableBytes(of: &numbers) { $0.bindMemory(to: Int.self)[Int(number)] = count }
    number += 1
  }

  /// Adds what reading rows of a source reads.
  mutating func append(_ source: Source, rows: Range<Int>) {
    append(source.tensor, rows: rows)
    append(source.gradient, rows: rows)
  }
}
