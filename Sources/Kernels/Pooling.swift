import CKernels
import Tensors

extension KernelContext {
  /// Rows of maps in pieces whose size depends on the shape alone.
  private func mapRows(_ shape: Shape) -> Blocks {
    let count = shape.n * shape.h
    return Blocks(count: count, size: max(1, min(8, count / 16)))
  }

  /// 2×2 maximum with stride 2: N×H×W×C to N×H/2×W/2×C, with the result's moments where wanted.
  public func maxPool(_ x: Tensor, into out: Tensor, gathers: Bool) -> Partials? {
    let pieces = mapRows(out.shape)
    let partials = gathers ? allocatePartials(pieces: pieces.number, channels: out.shape.c) : nil
    perform(KernelOperation("2×2 maximum", x.shape, numbers: x.count + out.count)) { workers in
      workers.run(pieces.number) { piece, _ in
        let rows = pieces.range(piece)
        withUnsafePointer(to: x.shape.map) {
          workers.table.max_pool_2x2(
            x.pointer, $0, Int32(x.shape.c), rows.lowerBound, rows.count, out.pointer, partials?.piece(piece))
        }
      }
    }
    return partials
  }

  /// dx += the gradient of `maxPool` at `x`: all of dy goes to the first of the largest values in its window.
  public func maxPoolBackward(_ x: Tensor, _ dy: Tensor, addTo dx: Tensor) {
    perform(KernelOperation("2×2 maximum, gradient", x.shape, numbers: 3 * x.count + dy.count)) { workers in
      let pieces = mapRows(dy.shape)
      workers.run(pieces.number) { piece, _ in
        let rows = pieces.range(piece)
        withUnsafePointer(to: x.shape.map) {
          workers.table.max_pool_2x2_backward(
            x.pointer, dy.pointer, $0, Int32(x.shape.c), rows.lowerBound, rows.count, dx.pointer)
        }
      }
    }
  }

  /// out = up + nearest-neighbour ×2 of low.
  public func upsampleAdd(_ up: Tensor, _ low: Tensor, into out: Tensor, gathers: Bool) -> Partials? {
    let pieces = mapRows(out.shape)
    let partials = gathers ? allocatePartials(pieces: pieces.number, channels: out.shape.c) : nil
    perform(KernelOperation("doubling and sum", out.shape, numbers: 2 * out.count + low.count)) { workers in
      workers.run(pieces.number) { piece, _ in
        let rows = pieces.range(piece)
        withUnsafePointer(to: out.shape.map) {
          workers.table.upsample_2x_add(
            up.pointer, low.pointer, $0, Int32(out.shape.c), rows.lowerBound, rows.count, out.pointer,
            partials?.piece(piece))
        }
      }
    }
    return partials
  }

  /// dlow = the gradient of `upsampleAdd` with respect to low: sums over 2×2.
  public func upsampleAddBackward(_ dy: Tensor, into dlow: Tensor) {
    perform(KernelOperation("doubling, gradient", dy.shape, numbers: dy.count + dlow.count)) { workers in
      let pieces = mapRows(dlow.shape)
      workers.run(pieces.number) { piece, _ in
        let rows = pieces.range(piece)
        withUnsafePointer(to: dy.shape.map) {
          workers.table.upsample_2x_backward(
            dy.pointer, $0, Int32(dy.shape.c), rows.lowerBound, rows.count, dlow.pointer)
        }
      }
    }
  }
}
