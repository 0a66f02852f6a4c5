import CKernels
import Tensors

extension ck_prefetch {
  /// Adds `rows` of a tensor to what is prefetched, of all channels or some; nothing where there is no tensor.
  ///
  /// - Parameter written: whether it is going to be written. A core that has last written there then gives it up at once.
  mutating func append(_ tensor: Tensor?, rows: Range<Int>, channels: Range<Int>? = nil, written: Bool = false) {
    guard let tensor, !rows.isEmpty else { return }
    let start = tensor.pointer + rows.lowerBound * tensor.shape.c
    if let channels, channels.count < tensor.shape.c {
      append(
        start + channels.lowerBound, width: channels.count, stride: tensor.shape.c, rows: rows.count, written: written)
    } else {
      let line = 64 / MemoryLayout<Real>.size
      append(
        start, width: line, stride: line, rows: (rows.count * tensor.shape.c + line - 1) / line, written: written)
    }
  }

  /// Adds rows of `width` numbers, `stride` apart.
  mutating func append(
    _ start: UnsafePointer<Real>, width: Int, stride: Int, rows: Int, written: Bool = false
  ) {
    let index = Int(count)
    precondition(index < 7, "too many ranges to prefetch")
    withUnsafeMutableBytes(of: &ranges) {
      $0.bindMemory(to: ck_prefetch_range.self)[index] = ck_prefetch_range(
        from: start, width: width, stride: stride, rows: rows, column: 0, written: written ? 1 : 0)
    }
    count += 1
  }

  /// Adds what writing rows of a result through an epilogue touches.
  mutating func append(_ result: Tensor, _ epilogue: Epilogue, rows: Range<Int>) {
    append(result, rows: rows, written: true)
    append(epilogue.addend, rows: rows)
    append(epilogue.gate?.tensor, rows: rows)
  }

  /// Adds what reading rows of an operand reads.
  mutating func append(_ operand: Operand, rows: Range<Int>, channels: Range<Int>? = nil) {
    append(operand.tensor, rows: rows, channels: channels)
    append(operand.gradient, rows: rows, channels: channels)
  }
}
