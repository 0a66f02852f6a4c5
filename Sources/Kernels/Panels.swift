import CKernels
import Tensors

/// The right side of matrix products, packed into panels of columns as the inner loops read it: planes of
/// depth×columns, zero beyond the last column.
struct Panels {
  let tensor: Tensor
  let depth: Int
  /// Numbers from one plane to the next.
  let planeStride: Int

  func pointer(plane index: Int) -> UnsafeMutablePointer<Real> { tensor.pointer + index * planeStride }
}

extension KernelContext {
  private static let widest = 32

  /// The stride of planes of `count` numbers: a cache line more than they need, for with a power of two as stride the same
  /// place in all planes falls on one set of the cache.
  func paddedStride(of count: Int) -> Int { (count + 15) / 16 * 16 + 16 }

  func allocatePanels(planes: Int = 1, depth: Int, columns: Int) -> Panels {
    let width = (columns + Self.widest - 1) / Self.widest * Self.widest
    let planeStride = planes == 1 ? depth * width : paddedStride(of: depth * width)
    return Panels(
      tensor: arena.allocate(Shape(n: 1, h: 1, w: planes, c: planeStride)), depth: depth, planeStride: planeStride)
  }
}

extension Workers {
  /// Packs `taps` matrices that lie one after the other, each inC×outC, as one of taps·depth rows. Where `transposed` it is
  /// the transpose of each, the last first.
  func packPanels(
    _ weights: UnsafePointer<Real>, taps: Int = 1, inC: Int, outC: Int, transposed: Bool, into panels: Panels
  ) {
    let (depth, columns) = transposed ? (outC, inC) : (inC, outC)
    let number = (columns + panel - 1) / panel
    let pieces = Blocks(count: taps * number, size: max(1, 16384 / (depth * panel)))
    run(pieces.number) { piece, _ in
      for index in pieces.range(piece) {
        let (tap, column) = (index / number, index % number)
        let place = (transposed ? taps - 1 - tap : tap) * depth * panel
        table.pack_panels(
          weights + tap * inC * outC, outC, transposed ? 1 : 0, Int32(depth), Int32(columns), Int32(column), 1,
          panels.tensor.pointer + place, panels.depth * panel)
      }
    }
  }
}
