import CKernels
import Tensors

/// How Winograd's F(4×4, 3×3) is cut into pieces.
enum WinogradF4x3 {
  static let points = 36
  /// Tiles that one thread takes through the transforms and products while they stay in its cache.
  static let tilesOfBlock = 32
  /// Tiles of a map so small that its channels are divided among threads, not its tiles.
  static let fewTiles = 64
  /// Channels of a slice whose sums over tiles stay in a core's cache.
  static let widestSlice = 64
  /// Tiles whose transforms lie side by side for one weight gradient product.
  static let tilesTogether = 64
  /// Parts of the tiles whose sums for the weight gradient are taken apart, so that cores need not read each other's.
  static let parts = 2
}

extension Shape {
  /// 4×4 tiles that cover all maps.
  var tiles: Int { n * ((h + 3) / 4) * ((w + 3) / 4) }

  /// The rows of pixels that tiles cover, from the first to the last of them.
  func pixels(of tiles: Range<Int>) -> Range<Int> {
    if tiles.isEmpty { return 0..<0 }
    let (across, down) = ((w + 3) / 4, (h + 3) / 4)
    let (first, last) = (tiles.lowerBound / across, (tiles.upperBound - 1) / across)
    let line = { (row: Int) in row / down * h + row % down * 4 }
    return line(first) * w..<min(line(last) + 4, (last / down + 1) * h) * w
  }
}

/// 3×3 convolutions of stride 1 by Winograd's F(4×4, 3×3): thirty-six products over 4×4 tiles in place of nine over
/// pixels (Lavin and Gray, CVPR 2016).
extension KernelContext {
  /// out = w * input, then the epilogue. `weights` is 3×3×inC×outC.
  func winogradF4x3Forward(
    _ input: Operand, weights: UnsafePointer<Real>, into out: Tensor, _ epilogue: Epilogue,
    _ operation: ConvolutionOperation
  ) -> Partials? {
    let weights = WinogradWeights(pointer: weights, inC: input.shape.c, outC: out.shape.c)
    return winogradF4x3(input, weights, into: out, epilogue, operation)
  }

  /// The gradient with respect to the input: a convolution with the kernel rotated by 180° and transposed.
  func winogradF4x3BackwardData(
    _ gradient: Operand, weights: UnsafePointer<Real>, into dx: Tensor, _ epilogue: Epilogue,
    _ operation: ConvolutionOperation
  ) -> Partials? {
    let weights = WinogradWeights(pointer: weights, inC: dx.shape.c, outC: gradient.shape.c, isRotated: true)
    return winogradF4x3(gradient, weights, into: dx, epilogue, operation)
  }

  private func winogradF4x3(
    _ operand: Operand, _ weights: WinogradWeights, into out: Tensor, _ epilogue: Epilogue,
    _ operation: ConvolutionOperation
  ) -> Partials? {
    precondition(epilogue.addend == nil, "nothing is added to a 3×3 convolution's result")
    let tiles = out.shape.tiles
    let blocks = Blocks(count: tiles, size: max(8, min(WinogradF4x3.tilesOfBlock, (tiles / 8 + 7) / 8 * 8)))
    let partials = epilogue.gathers ? allocatePartials(pieces: blocks.number, channels: out.shape.c) : nil
    if tiles <= WinogradF4x3.fewTiles {
      winogradF4x3ByPanels(operand, weights, into: out, epilogue, partials, blocks, operation)
    } else {
      winogradF4x3ByTiles(operand, weights, into: out, epilogue, partials, blocks, operation)
    }
    return partials
  }

  /// Each piece is a few blocks of tiles, all channels: few numbers of weights serve many tiles.
  private func winogradF4x3ByTiles(
    _ operand: Operand, _ weights: WinogradWeights, into out: Tensor, _ epilogue: Epilogue, _ partials: Partials?,
    _ blocks: Blocks, _ operation: ConvolutionOperation
  ) {
    let (inC, outC) = (operand.shape.c, out.shape.c)
    let panels = allocatePanels(planes: WinogradF4x3.points, depth: weights.depth, columns: weights.columns)
    // As many blocks as stay in a core's cache, if every thread has a piece then.
    let pieces = Blocks(
      count: blocks.number,
      size: max(1, min(WinogradF4x3.tilesOfBlock / blocks.size, blocks.number / pool.threads)))
    let inputTileStride = paddedStride(of: WinogradF4x3.points * inC)
    let outputTileStride = paddedStride(of: WinogradF4x3.points * panel)
    perform(
      operation.described,
      scratch: pieces.size * blocks.size * (inputTileStride + outputTileStride) * MemoryLayout<Real>.stride
    ) { workers in
      workers.transform(weights, into: panels)
      let (read, map) = (operand.raw, out.shape.map)
      workers.run(pieces.number) { piece, thread in
        let range = blocks.range(of: pieces.range(piece))
        // What this thread takes next, most likely.
        let next = workers.next(after: piece, of: pieces.number)
        let inputs = workers.scratch(thread)
        let products = inputs + pieces.size * blocks.size * inputTileStride
        withUnsafePointer(to: map) { map in
          withUnsafePointer(to: read) {
            workers.table.winograd_f4x3_input(
              $0, map, Int32(inC), range.lowerBound, range.count, inputs, inputTileStride)
          }
          var prefetch = prefetch(
            out, epilogue, range, operand, next.map { blocks.range(of: pieces.range($0)) } ?? 0..<0)
          for column in stride(from: 0, to: outC, by: panel) {
            for point in 0..<WinogradF4x3.points {
              let isLast = point + 1 == WinogradF4x3.points
              let nextColumn = isLast ? column + panel : column
              let nextPanel = panels.pointer(plane: isLast ? 0 : point + 1) + nextColumn * inC
              workers.table.gemm_panel(
                inputs + point * inC, inputTileStride, panels.pointer(plane: point) + column * inC,
                nextColumn < outC ? nextPanel : nil, range.count, Int32(inC), products + point * panel,
                outputTileStride, &prefetch)
            }
            for block in pieces.range(piece) {
              let tiles = blocks.range(block)
              withUnsafePointer(to: epilogue.raw(partial: partials?.piece(block))) { epilogue in
                workers.table.winograd_f4x3_output(
                  products + (tiles.lowerBound - range.lowerBound) * outputTileStride, outputTileStride, map,
                  Int32(outC), Int32(column), tiles.lowerBound, tiles.count, epilogue, out.pointer)
              }
            }
          }
        }
      }
    }
    arena.release(panels.tensor)
  }

  /// Each piece is some panels of channels and some tiles, all tiles where there are panels enough: of a small map the
  /// weights are most of what is read, and so each is transformed where it is used and stays in that core's cache.
  private func winogradF4x3ByPanels(
    _ operand: Operand, _ weights: WinogradWeights, into out: Tensor, _ epilogue: Epilogue, _ partials: Partials?,
    _ blocks: Blocks, _ operation: ConvolutionOperation
  ) {
    let (inC, outC) = (operand.shape.c, out.shape.c)
    let inputTileStride = paddedStride(of: WinogradF4x3.points * inC)
    let outputTileStride = paddedStride(of: WinogradF4x3.points * panel)
    let planeStride = paddedStride(of: inC * panel)
    let number = (outC + panel - 1) / panel
    // Two threads halve the panels; more share the tiles, and then the panels again.
    let shares = Blocks(count: blocks.number, size: max(1, 2 * blocks.number / pool.threads))
    let threadsOfShare = (pool.threads + shares.number - 1) / shares.number
    let groups = Blocks(count: number, size: max(1, number / threadsOfShare))
    perform(
      operation.described,
      scratch: (WinogradF4x3.points * planeStride + shares.size * blocks.size * (inputTileStride + outputTileStride))
        * MemoryLayout<Real>.stride
    ) { workers in
      let (read, map) = (operand.raw, out.shape.map)
      workers.run(groups.number * shares.number) { piece, thread in
        let share = shares.range(piece / groups.number)
        let range = blocks.range(of: share)
        let panelWeights = workers.scratch(thread)
        let inputs = panelWeights + WinogradF4x3.points * planeStride
        let products = inputs + shares.size * blocks.size * inputTileStride
        withUnsafePointer(to: map) { map in
          withUnsafePointer(to: read) {
            workers.table.winograd_f4x3_input(
              $0, map, Int32(inC), range.lowerBound, range.count, inputs, inputTileStride)
          }
          for index in groups.range(piece % groups.number) {
            weights.transform(workers.table, panel: index, rows: 0..<inC, into: panelWeights, planeStride: planeStride)
            var prefetch = ck_prefetch()
            for point in 0..<WinogradF4x3.points {
              workers.table.gemm_panel(
                inputs + point * inC, inputTileStride, panelWeights + point * planeStride, nil, range.count, Int32(inC),
                products + point * panel, outputTileStride, &prefetch)
            }
            for block in share {
              let tiles = blocks.range(block)
              withUnsafePointer(to: epilogue.raw(partial: partials?.piece(block))) { epilogue in
                workers.table.winograd_f4x3_output(
                  products + (tiles.lowerBound - range.lowerBound) * outputTileStride, outputTileStride, map,
                  Int32(outC), Int32(index * panel), tiles.lowerBound, tiles.count, epilogue, out.pointer)
              }
            }
          }
        }
      }
    }
  }

  /// To prefetch: what the tiles' results will touch, then what the tiles that this thread takes next will read.
  private func prefetch(
    _ out: Tensor, _ epilogue: Epilogue, _ tiles: Range<Int>, _ operand: Operand, _ next: Range<Int>
  ) -> ck_prefetch {
    var prefetch = ck_prefetch()
    prefetch.append(out, epilogue, rows: out.shape.pixels(of: tiles))
    prefetch.append(operand, rows: out.shape.pixels(of: next))
    return prefetch
  }
}

extension Workers {
  /// G w Gᵀ as panels, a plane for each of the thirty-six points.
  fileprivate func transform(_ weights: WinogradWeights, into panels: Panels) {
    let number = (weights.columns + panel - 1) / panel
    let rows = Blocks(count: weights.depth, size: 64)
    run(number * rows.number) { piece, _ in
      let (panel, rows) = (piece % number, rows.range(piece / number))
      weights.transform(
        table, panel: panel, rows: rows, into: panels.tensor.pointer + panel * weights.depth * self.panel,
        planeStride: panels.planeStride)
    }
  }
}

/// The kernels of a 3×3 convolution, 3×3×inC×outC, or as its gradient takes them.
private struct WinogradWeights {
  let pointer: UnsafePointer<Real>
  let inC: Int
  let outC: Int
  /// Whether kernels are rotated by 180° and their channels transposed.
  var isRotated = false

  var depth: Int { isRotated ? outC : inC }
  var columns: Int { isRotated ? inC : outC }

  /// Rows of one panel of G w Gᵀ, its thirty-six planes `planeStride` numbers apart.
  func transform(
    _ table: ck_table, panel: Int, rows: Range<Int>, into panels: UnsafeMutablePointer<Real>, planeStride: Int
  ) {
    table.winograd_f4x3_weights(
      pointer, Int32(inC), Int32(outC), isRotated ? 1 : 0, Int32(panel), Int32(rows.lowerBound), Int32(rows.count),
      panels, planeStride)
  }
}
