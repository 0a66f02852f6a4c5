import CKernels
import Tensors

/// How Winograd's F(4×4, 3×3) is cut into pieces.
enum Winograd {
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
  /// out = w * source, then the sink. `weights` is 3×3×inC×outC.
  func winogradForward(
    _ source: Source, weights: UnsafePointer<Real>, into out: Tensor, _ sink: Sink, _ operation: ConvolutionOperation
  ) -> Partials? {
    let weights = WinogradWeights(pointer: weights, inC: source.shape.c, outC: out.shape.c)
    return winograd(source, weights, into: out, sink, operation)
  }

  /// The gradient with respect to the input: a convolution with the kernel turned by half a turn and transposed.
  func winogradBackwardData(
    _ gradient: Source, weights: UnsafePointer<Real>, into dx: Tensor, _ sink: Sink, _ operation: ConvolutionOperation
  ) -> Partials? {
    let weights = WinogradWeights(pointer: weights, inC: dx.shape.c, outC: gradient.shape.c, isTurned: true)
    return winograd(gradient, weights, into: dx, sink, operation)
  }

  private func winograd(
    _ source: Source, _ weights: WinogradWeights, into out: Tensor, _ sink: Sink, _ operation: ConvolutionOperation
  ) -> Partials? {
    precondition(sink.addend == nil, "nothing is added to a 3×3 convolution's result")
    let tiles = out.shape.tiles
    let blocks = Blocks(count: tiles, size: max(8, min(Winograd.tilesOfBlock, (tiles / 8 + 7) / 8 * 8)))
    let partials = sink.gathers ? allocatePartials(pieces: blocks.number, channels: out.shape.c) : nil
    if tiles <= Winograd.fewTiles {
      winogradByPanels(source, weights, into: out, sink, partials, blocks, operation)
    } else {
      winogradByTiles(source, weights, into: out, sink, partials, blocks, operation)
    }
    return partials
  }

  /// Each piece is a few blocks of tiles, all channels: few numbers of weights serve many tiles.
  private func winogradByTiles(
    _ source: Source, _ weights: WinogradWeights, into out: Tensor, _ sink: Sink, _ partials: Partials?,
    _ blocks: Blocks, _ operation: ConvolutionOperation
  ) {
    let (inC, outC) = (source.shape.c, out.shape.c)
    let panels = allocatePanels(planes: Winograd.points, depth: weights.depth, columns: weights.columns)
    // As many blocks as stay in a core's cache, if every thread has a piece then.
    let pieces = Blocks(
      count: blocks.number,
      size: max(1, min(Winograd.tilesOfBlock / blocks.size, blocks.number / pool.threads)))
    let (inputTile, outputTile) = (distance(of: Winograd.points * inC), distance(of: Winograd.points * panel))
    perform(
      operation.described,
      scratch: pieces.size * blocks.size * (inputTile + outputTile) * MemoryLayout<Real>.stride
    ) { workers in
      workers.transform(weights, into: panels)
      let (read, map) = (source.raw, out.shape.map)
      workers.run(pieces.number) { piece, thread in
        let range = blocks.range(of: pieces.range(piece))
        // What this thread takes next, most likely.
        let next = workers.next(after: piece, of: pieces.number)
        let inputs = workers.scratch(thread)
        let products = inputs + pieces.size * blocks.size * inputTile
        withUnsafePointer(to: map) { map in
          withUnsafePointer(to: read) {
            workers.table.winograd_input($0, map, Int32(inC), range.lowerBound, range.count, inputs, inputTile)
          }
          var coming = coming(
            out, sink, range, source, next.map { blocks.range(of: pieces.range($0)) } ?? 0..<0)
          for column in stride(from: 0, to: outC, by: panel) {
            for point in 0..<Winograd.points {
              let isLast = point + 1 == Winograd.points
              let nextColumn = isLast ? column + panel : column
              let nextPanel = panels.pointer(plane: isLast ? 0 : point + 1) + nextColumn * inC
              workers.table.multiply(
                inputs + point * inC, inputTile, panels.pointer(plane: point) + column * inC,
                nextColumn < outC ? nextPanel : nil, range.count, Int32(inC), products + point * panel, outputTile,
                &coming)
            }
            for block in pieces.range(piece) {
              let tiles = blocks.range(block)
              withUnsafePointer(to: sink.raw(partial: partials?.piece(block))) { sink in
                workers.table.winograd_output(
                  products + (tiles.lowerBound - range.lowerBound) * outputTile, outputTile, map, Int32(outC),
                  Int32(column), tiles.lowerBound, tiles.count, sink, out.pointer)
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
  private func winogradByPanels(
    _ source: Source, _ weights: WinogradWeights, into out: Tensor, _ sink: Sink, _ partials: Partials?,
    _ blocks: Blocks, _ operation: ConvolutionOperation
  ) {
    let (inC, outC) = (source.shape.c, out.shape.c)
    let (inputTile, outputTile) = (distance(of: Winograd.points * inC), distance(of: Winograd.points * panel))
    let plane = distance(of: inC * panel)
    let number = (outC + panel - 1) / panel
    // Two threads halve the panels; more share the tiles, and then the panels again.
    let shares = Blocks(count: blocks.number, size: max(1, 2 * blocks.number / pool.threads))
    let threadsOfShare = (pool.threads + shares.number - 1) / shares.number
    let groups = Blocks(count: number, size: max(1, number / threadsOfShare))
    perform(
      operation.described,
      scratch: (Winograd.points * plane + shares.size * blocks.size * (inputTile + outputTile))
        * MemoryLayout<Real>.stride
    ) { workers in
      let (read, map) = (source.raw, out.shape.map)
      workers.run(groups.number * shares.number) { piece, thread in
        let share = shares.range(piece / groups.number)
        let range = blocks.range(of: share)
        let panelWeights = workers.scratch(thread)
        let inputs = panelWeights + Winograd.points * plane
        let products = inputs + shares.size * blocks.size * inputTile
        withUnsafePointer(to: map) { map in
          withUnsafePointer(to: read) {
            workers.table.winograd_input($0, map, Int32(inC), range.lowerBound, range.count, inputs, inputTile)
          }
          for index in groups.range(piece % groups.number) {
            weights.transform(workers.table, panel: index, rows: 0..<inC, into: panelWeights, plane: plane)
            var coming = ck_coming()
            for point in 0..<Winograd.points {
              workers.table.multiply(
                inputs + point * inC, inputTile, panelWeights + point * plane, nil, range.count, Int32(inC),
                products + point * panel, outputTile, &coming)
            }
            for block in share {
              let tiles = blocks.range(block)
              withUnsafePointer(to: sink.raw(partial: partials?.piece(block))) { sink in
                workers.table.winograd_output(
                  products + (tiles.lowerBound - range.lowerBound) * outputTile, outputTile, map, Int32(outC),
                  Int32(index * panel), tiles.lowerBound, tiles.count, sink, out.pointer)
              }
            }
          }
        }
      }
    }
  }

  /// What the tiles' results will touch, then what the tiles that this thread takes next will read.
  private func coming(
    _ out: Tensor, _ sink: Sink, _ tiles: Range<Int>, _ source: Source, _ next: Range<Int>
  ) -> ck_coming {
    var coming = ck_coming()
    coming.append(out, sink, rows: out.shape.pixels(of: tiles))
    coming.append(source, rows: out.shape.pixels(of: next))
    return coming
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
        plane: panels.plane)
    }
  }
}

/// The kernels of a 3×3 convolution, 3×3×inC×outC, or as its gradient takes them.
private struct WinogradWeights {
  let pointer: UnsafePointer<Real>
  let inC: Int
  let outC: Int
  /// Whether kernels are turned by half a turn and their channels exchanged.
  var isTurned = false

  var depth: Int { isTurned ? outC : inC }
  var columns: Int { isTurned ? inC : outC }

  /// Rows of one panel of G w Gᵀ, its thirty-six planes `plane` numbers apart.
  func transform(
    _ table: ck_table, panel: Int, rows: Range<Int>, into panels: UnsafeMutablePointer<Real>, plane: Int
  ) {
    table.winograd_weights(
      pointer, Int32(inC), Int32(outC), isTurned ? 1 : 0, Int32(panel), Int32(rows.lowerBound), Int32(rows.count),
      panels, plane)
  }
}
