import CKernels
import Tensors

extension ck_coming {
  /// Adds `rows` of a tensor to what is brought; nothing where there is no tensor.
  mutating func append(_ tensor: Tensor?, rows: Range<Int>) {
    guard let tensor, !rows.isEmpty else { return }
    append(tensor.pointer + rows.lowerBound * tensor.shape.c, numbers: rows.count * tensor.shape.c, stride: 0)
  }

  /// Adds rows of `numbers` numbers, `stride` apart, as many as the product that runs meanwhile has.
  mutating func append(rowsAt start: UnsafePointer<Real>, numbers: Int, stride: Int) {
    append(start, numbers: numbers, stride: stride)
  }

  private mutating func append(_ start: UnsafePointer<Real>, numbers count: Int, stride: Int) {
    let index = Int(number)
    precondition(index < 7, "too much at once")
    withUnsafeMutableBytes(of: &from) { $0.bindMemory(to: UnsafePointer<Real>?.self)[index] = start }
    withUnsafeMutableBytes(of: &numbers) { $0.bindMemory(to: Int.self)[index] = count }
    withUnsafeMutableBytes(of: &strides) { $0.bindMemory(to: Int.self)[index] = stride }
    number += 1
  }

  /// Adds what writing rows of a result through a sink touches.
  mutating func append(_ result: Tensor, _ sink: Sink, rows: Range<Int>) {
    append(result, rows: rows)
    append(sink.addend, rows: rows)
    append(sink.gate?.tensor, rows: rows)
  }

  /// Adds what reading rows of a source reads.
  mutating func append(_ source: Source, rows: Range<Int>) {
    append(source.tensor, rows: rows)
    append(source.gradient, rows: rows)
  }
}
