import CKernels
import Tensors

/// The right side of matrix products, cut into panels of columns as the inner loops read it: planes of
/// depth×columns, zero beyond the last column.
struct Panels {
  let tensor: Tensor
  let depth: Int
  /// Numbers from one plane to the next.
  let plane: Int

  func pointer(plane index: Int) -> UnsafeMutablePointer<Real> { tensor.pointer + index * plane }
}

extension KernelContext {
  private static let widest = 32

  /// The distance at which planes of `count` numbers lie: a cache line more than they need, for at a power of two's
  /// distance the same place in all planes falls on one set of the cache.
  func distance(of count: Int) -> Int { (count + 15) / 16 * 16 + 16 }

  func allocatePanels(planes: Int = 1, depth: Int, columns: Int) -> Panels {
    let width = (columns + Self.widest - 1) / Self.widest * Self.widest
    let plane = planes == 1 ? depth * width : distance(of: depth * width)
    return Panels(tensor: arena.allocate(Shape(n: 1, h: 1, w: planes, c: plane)), depth: depth, plane: plane)
  }
}

extension Workers {
  /// Packs `taps` matrices that lie one after the other, each inC×outC, or the transpose of each where `turned`, as one of
  /// taps·depth rows, the last first where `turned`.
  func pack(
    _ weights: UnsafePointer<Real>, taps: Int = 1, inC: Int, outC: Int, turned: Bool, into panels: Panels
  ) {
    let (depth, columns) = turned ? (outC, inC) : (inC, outC)
    let number = (columns + panel - 1) / panel
    let pieces = Blocks(count: taps * number, size: max(1, 16384 / (depth * panel)))
    run(pieces.number) { piece, _ in
      for index in pieces.range(piece) {
        let (tap, column) = (index / number, index % number)
        let place = (turned ? taps - 1 - tap : tap) * depth * panel
        table.pack_panels(
          weights + tap * inC * outC, outC, turned ? 1 : 0, Int32(depth), Int32(columns), Int32(column), 1,
          panels.tensor.pointer + place, panels.depth * panel)
      }
    }
  }
}
