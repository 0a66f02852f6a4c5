import CKernels
import Tensors

/// 3×3 convolutions of stride 1 by Winograd's F(4×4, 3×3): thirty-six products over 4×4 tiles in place of nine over
/// pixels (Lavin and Gray, CVPR 2016).
extension KernelContext {
  private static var points: Int { 36 }
  /// Tiles that one thread takes through the transforms and products while they stay in its cache.
  private static var tilesOfBlock: Int { 32 }
  /// Tiles of a map so small that its channels are divided among threads, not its tiles.
  private static var fewTiles: Int { 64 }
  /// Channels of a slice whose sums over tiles stay in a core's cache.
  private static var widestSlice: Int { 64 }
  /// Tiles whose transforms lie side by side for one weight gradient product.
  private static var tilesTogether: Int { 64 }
  /// Parts of the tiles whose sums for the weight gradient are taken apart, so that cores need not read each other's.
  private static var parts: Int { 2 }

  private func tiles(_ shape: Shape) -> Int { shape.n * ((shape.h + 3) / 4) * ((shape.w + 3) / 4) }

  /// out = w * source, then the sink. `weights` is 3×3×inC×outC.
  func winogradForward(_ source: Source, weights: UnsafePointer<Real>, into out: Tensor, _ sink: Sink) -> Partials? {
    winograd(source, WinogradWeights(pointer: weights, inC: source.shape.c, outC: out.shape.c), into: out, sink)
  }

  /// The gradient with respect to the input: a convolution with the kernel turned by half a turn and transposed.
  func winogradBackwardData(
    _ gradient: Source, weights: UnsafePointer<Real>, into dx: Tensor, _ sink: Sink
  ) -> Partials? {
    let weights = WinogradWeights(pointer: weights, inC: dx.shape.c, outC: gradient.shape.c, isTurned: true)
    return winograd(gradient, weights, into: dx, sink)
  }

  private func winograd(_ source: Source, _ weights: WinogradWeights, into out: Tensor, _ sink: Sink) -> Partials? {
    precondition(sink.addend == nil, "nothing is added to a 3×3 convolution's result")
    let tiles = tiles(out.shape)
    let blocks = Blocks(count: tiles, size: max(8, min(Self.tilesOfBlock, (tiles / 8 + 7) / 8 * 8)))
    let partials = sink.gathers ? allocatePartials(pieces: blocks.number, channels: out.shape.c) : nil
    if tiles <= Self.fewTiles {
      winogradByPanels(source, weights, into: out, sink, partials, blocks)
    } else {
      winogradByTiles(source, weights, into: out, sink, partials, blocks)
    }
    return partials
  }

  /// Each piece is a few blocks of tiles, all channels: few numbers of weights serve many tiles.
  private func winogradByTiles(
    _ source: Source, _ weights: WinogradWeights, into out: Tensor, _ sink: Sink, _ partials: Partials?,
    _ blocks: Blocks
  ) {
    let (inC, outC) = (source.shape.c, out.shape.c)
    let panels = transform(weights)
    defer { arena.release(panels.tensor) }
    // As many blocks as stay in a core's cache, if every thread has a piece then.
    let pieces = Blocks(
      count: blocks.number,
      size: max(1, min(Self.tilesOfBlock / blocks.size, blocks.number / pool.threads)))
    let (inputTile, outputTile) = (distance(of: Self.points * inC), distance(of: Self.points * panel))
    if isPlanning {
      pool.reserveScratch(
        bytes: pieces.size * blocks.size * (inputTile + outputTile) * MemoryLayout<Real>.stride)
      return
    }
    let (read, map) = (source.raw, out.shape.map)
    pool.run(pieces.number) { piece, thread in
      let range = blocks.range(of: pieces.range(piece))
      // What this thread takes next, most likely.
      let next = pool.next(after: piece, of: pieces.number)
      let inputs = pool.scratch(thread)
      let products = inputs + pieces.size * blocks.size * inputTile
      withUnsafePointer(to: map) { map in
        withUnsafePointer(to: read) {
          table.winograd_input($0, map, Int32(inC), range.lowerBound, range.count, inputs, inputTile)
        }
        var coming = coming(
          out, sink, range, source, next.map { blocks.range(of: pieces.range($0)) } ?? 0..<0)
        for column in stride(from: 0, to: outC, by: panel) {
          for point in 0..<Self.points {
            let isLast = point + 1 == Self.points
            let nextColumn = isLast ? column + panel : column
            let nextPanel = panels.pointer(plane: isLast ? 0 : point + 1) + nextColumn * inC
            table.multiply(
              inputs + point * inC, inputTile, panels.pointer(plane: point) + column * inC,
              nextColumn < outC ? nextPanel : nil, range.count, Int32(inC), products + point * panel, outputTile,
              &coming)
          }
          for block in pieces.range(piece) {
            let tiles = blocks.range(block)
            withUnsafePointer(to: sink.raw(partial: partials?.piece(block))) { sink in
              table.winograd_output(
                products + (tiles.lowerBound - range.lowerBound) * outputTile, outputTile, map, Int32(outC),
                Int32(column), tiles.lowerBound, tiles.count, sink, out.pointer)
            }
          }
        }
      }
    }
  }

  /// Each piece is some panels of channels and some tiles, all tiles where there are panels enough: of a small map the
  /// weights are most of what is read, and so each is transformed where it is used and stays in that core's cache.
  private func winogradByPanels(
    _ source: Source, _ weights: WinogradWeights, into out: Tensor, _ sink: Sink, _ partials: Partials?,
    _ blocks: Blocks
  ) {
    let (inC, outC) = (source.shape.c, out.shape.c)
    let (inputTile, outputTile) = (distance(of: Self.points * inC), distance(of: Self.points * panel))
    let plane = distance(of: inC * panel)
    let number = (outC + panel - 1) / panel
    // Two threads halve the panels; more share the tiles, and then the panels again.
    let shares = Blocks(count: blocks.number, size: max(1, 2 * blocks.number / pool.threads))
    let threadsOfShare = (pool.threads + shares.number - 1) / shares.number
    let groups = Blocks(count: number, size: max(1, number / threadsOfShare))
    if isPlanning {
      pool.reserveScratch(
        bytes: (Self.points * plane + shares.size * blocks.size * (inputTile + outputTile)) * MemoryLayout<Real>.stride)
      return
    }
    let (read, map) = (source.raw, out.shape.map)
    pool.run(groups.number * shares.number) { piece, thread in
      let share = shares.range(piece / groups.number)
      let range = blocks.range(of: share)
      let panelWeights = pool.scratch(thread)
      let inputs = panelWeights + Self.points * plane
      let products = inputs + shares.size * blocks.size * inputTile
      withUnsafePointer(to: map) { map in
        withUnsafePointer(to: read) {
          table.winograd_input($0, map, Int32(inC), range.lowerBound, range.count, inputs, inputTile)
        }
        for index in groups.range(piece % groups.number) {
          weights.transform(table, panel: index, rows: 0..<inC, into: panelWeights, plane: plane)
          var coming = ck_coming()
          for point in 0..<Self.points {
            table.multiply(
              inputs + point * inC, inputTile, panelWeights + point * plane, nil, range.count, Int32(inC),
              products + point * panel, outputTile, &coming)
          }
          for block in share {
            let tiles = blocks.range(block)
            withUnsafePointer(to: sink.raw(partial: partials?.piece(block))) { sink in
              table.winograd_output(
                products + (tiles.lowerBound - range.lowerBound) * outputTile, outputTile, map, Int32(outC),
                Int32(index * panel), tiles.lowerBound, tiles.count, sink, out.pointer)
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
    coming.append(out, sink, rows: pixels(of: tiles, out.shape))
    coming.append(source, rows: pixels(of: next, out.shape))
    return coming
  }

  /// The rows of pixels that tiles cover, from the first to the last of them.
  private func pixels(of tiles: Range<Int>, _ shape: Shape) -> Range<Int> {
    if tiles.isEmpty { return 0..<0 }
    let (across, down) = ((shape.w + 3) / 4, (shape.h + 3) / 4)
    let (first, last) = (tiles.lowerBound / across, (tiles.upperBound - 1) / across)
    let line = { (row: Int) in row / down * shape.h + row % down * 4 }
    return line(first) * shape.w..<min(line(last) + 4, (last / down + 1) * shape.h) * shape.w
  }

  /// dW = Σ over parts of Gᵀ[Σ over the part's tiles of (Bᵀ d B) ⊗ (A dY Aᵀ)]G: each number is a sum over parts from first
  /// to last, and in these over tiles. What parts there are follows from the shape, so no thread count changes a result.
  func winogradBackwardWeights(_ source: Source, _ gradient: Source, _ parameters: ConvolutionGradient) {
    sumBias(gradient, parameters)
    let (inC, outC, tiles) = (source.shape.c, gradient.shape.c, tiles(source.shape))
    // Of more channels the sums outgrow a core's cache.
    guard inC <= Self.widestSlice else {
      sumByPoints(source, gradient, 0..<tiles, parameters)
      return
    }
    let chunks = Blocks(count: tiles, size: Self.tilesTogether)
    let parts = Blocks(count: tiles, size: Blocks(count: chunks.number, size: Self.parts).number * chunks.size)
    let count = 9 * inC * outC
    let sums = arena.allocate(Shape(n: parts.number, h: 1, w: 1, c: count))
    defer { arena.release(sums) }
    if let slices = slices(of: outC, parts: parts.number) {
      sumByParts(source, gradient, parts, slices, sums, parameters)
    } else {
      for part in 0..<parts.number {
        sumByPoints(source, gradient, parts.range(part), parameters.apart(at: sums.pointer + part * count))
      }
    }
    finishWeights(sums, parts: parts.number, distance: count, count: count, parameters)
  }

  /// The widest slices of the gradient's channels that, with the parts, keep all threads busy four fifths of the time;
  /// nil where none do.
  private func slices(of outC: Int, parts: Int) -> Blocks? {
    for width in [Self.widestSlice, Self.widestSlice / 2] {
      let slices = Blocks(count: outC, size: width)
      let pieces = parts * slices.number
      let rounds = (pieces + pool.threads - 1) / pool.threads
      if 4 * rounds * pool.threads <= 5 * pieces { return slices }
    }
    return nil
  }

  /// Each piece is a part of the tiles and a slice of the gradient's channels, with all of the input's: what one core
  /// transforms no other reads, and what is under way stays in its cache.
  private func sumByParts(
    _ source: Source, _ gradient: Source, _ parts: Blocks, _ slices: Blocks, _ sums: Tensor,
    _ parameters: ConvolutionGradient
  ) {
    let (inC, outC) = (source.shape.c, gradient.shape.c)
    let (inputTile, gradientTile) = (distance(of: Self.points * inC), distance(of: Self.points * slices.size))
    let plane = distance(of: inC * slices.size)
    if isPlanning {
      pool.reserveScratch(
        bytes: (Self.tilesOfBlock * (inputTile + gradientTile) + Self.points * plane) * MemoryLayout<Real>.stride)
      return
    }
    if parameters.isNothing { return }
    let (read, readGradient, map) = (source.raw, gradient.raw, source.shape.map)
    pool.run(parts.number * slices.number) { piece, thread in
      let (part, slice) = (piece / slices.number, slices.range(piece % slices.number))
      let chunks = Blocks(of: parts.range(part), size: Self.tilesOfBlock)
      let inputs = pool.scratch(thread)
      let gradients = inputs + chunks.size * inputTile
      let products = gradients + chunks.size * gradientTile
      for chunk in 0..<chunks.number {
        let range = chunks.range(chunk)
        withUnsafePointer(to: map) { map in
          withUnsafePointer(to: read) {
            table.winograd_input($0, map, Int32(inC), range.lowerBound, range.count, inputs, inputTile)
          }
          withUnsafePointer(to: readGradient) {
            table.winograd_gradient(
              $0, map, Int32(outC), Int32(slice.lowerBound), Int32(slice.count), range.lowerBound, range.count,
              gradients, gradientTile)
          }
        }
        var coming = ck_coming()
        if chunk + 1 < chunks.number {
          let rows = pixels(of: chunks.range(chunk + 1), source.shape)
          coming.append(source, rows: rows)
          coming.append(gradient, rows: rows, channels: slice)
        }
        for point in 0..<Self.points {
          table.multiply_transposed(
            inputs + point * inC, inputTile, gradients + point * slice.count, gradientTile, range.count, Int32(inC),
            Int32(slice.count), chunk > 0 ? 1 : 0, products + point * plane, slice.count, &coming)
        }
      }
      for row in 0..<inC {
        table.winograd_weights_gradient(
          products + row * slice.count, plane, inC * outC, 0, slice.count, 1, 0,
          sums.pointer + (9 * part * inC + row) * outC + slice.lowerBound)
      }
    }
  }

  /// Chunk by chunk of tiles: all threads transform them, then divide the thirty-six products among them.
  private func sumByPoints(
    _ source: Source, _ gradient: Source, _ tiles: Range<Int>, _ parameters: ConvolutionGradient
  ) {
    let (inC, outC) = (source.shape.c, gradient.shape.c)
    let chunks = Blocks(of: tiles, size: min(Self.tilesTogether, tiles.count))
    let (inputTile, gradientTile) = (distance(of: Self.points * inC), distance(of: Self.points * outC))
    let productPlane = distance(of: inC * outC)
    let inputs = arena.allocate(Shape(n: 1, h: 1, w: chunks.size, c: inputTile))
    let gradients = arena.allocate(Shape(n: 1, h: 1, w: chunks.size, c: gradientTile))
    let products = arena.allocate(Shape(n: 1, h: 1, w: Self.points, c: productPlane))
    defer { for tensor in [inputs, gradients, products] { arena.release(tensor) } }
    if isPlanning || parameters.isNothing { return }
    let (read, readGradient, map) = (source.raw, gradient.raw, source.shape.map)
    for chunk in 0..<chunks.number {
      let range = chunks.range(chunk)
      let pieces = Blocks(of: range, size: 8)
      pool.run(2 * pieces.number) { piece, _ in
        let part = pieces.range(piece / 2)
        let place = part.lowerBound - range.lowerBound
        withUnsafePointer(to: map) { map in
          if piece % 2 == 0 {
            withUnsafePointer(to: read) {
              table.winograd_input(
                $0, map, Int32(inC), part.lowerBound, part.count, inputs.pointer + place * inputTile, inputTile)
            }
          } else {
            withUnsafePointer(to: readGradient) {
              table.winograd_gradient(
                $0, map, Int32(outC), 0, Int32(outC), part.lowerBound, part.count,
                gradients.pointer + place * gradientTile, gradientTile)
            }
          }
        }
      }
      let next = chunk + 1 < chunks.number ? pixels(of: chunks.range(chunk + 1), source.shape) : 0..<0
      pool.run(Self.points) { point, _ in
        var coming = ck_coming()
        if let following = pool.next(after: point, of: Self.points) {
          coming.append(inputs.pointer + following * inC, width: inC, stride: inputTile, rows: range.count)
          coming.append(gradients.pointer + following * outC, width: outC, stride: gradientTile, rows: range.count)
          if chunk > 0 { coming.append(products, rows: following..<following + 1, written: true) }
        }
        let share = point * next.count / Self.points..<(point + 1) * next.count / Self.points
        let rows = next.lowerBound + share.lowerBound..<next.lowerBound + share.upperBound
        coming.append(source, rows: rows)
        coming.append(gradient, rows: rows)
        table.multiply_transposed(
          inputs.pointer + point * inC, inputTile, gradients.pointer + point * outC, gradientTile, range.count,
          Int32(inC), Int32(outC), chunk > 0 ? 1 : 0, products.pointer + point * productPlane, outC, &coming)
      }
    }
    let pieces = Blocks(count: inC * outC, size: 2048)
    pool.run(pieces.number) { piece, _ in
      let range = pieces.range(piece)
      table.winograd_weights_gradient(
        products.pointer, productPlane, inC * outC, range.lowerBound, range.count, parameters.scale,
        parameters.keep ? 1 : 0, parameters.weights)
    }
  }

  /// G w Gᵀ as panels, a plane for each of the thirty-six points.
  private func transform(_ weights: WinogradWeights) -> Panels {
    let panels = allocatePanels(planes: Self.points, depth: weights.depth, columns: weights.columns)
    if isPlanning { return panels }
    let number = (weights.columns + panel - 1) / panel
    let rows = Blocks(count: weights.depth, size: 64)
    pool.run(number * rows.number) { piece, _ in
      let (panel, rows) = (piece % number, rows.range(piece / number))
      weights.transform(
        table, panel: panel, rows: rows, into: panels.tensor.pointer + panel * weights.depth * self.panel,
        plane: panels.plane)
    }
    return panels
  }

  /// The bias's gradient: sums over all pixels.
  private func sumBias(_ gradient: Source, _ parameters: ConvolutionGradient) {
    let channels = gradient.shape.c
    if gradient.sumsToZero {
      if !isPlanning { finishBias(nil, parts: 0, channels: channels, parameters) }
      return
    }
    let blocks = blocks(of: gradient.shape.rows, rowBytes: channels * MemoryLayout<Real>.stride)
    let parts = arena.allocate(Shape(n: 1, h: 1, w: blocks.number, c: channels))
    defer { arena.release(parts) }
    if isPlanning || parameters.isNothing { return }
    pool.run(blocks.number) { piece, _ in
      let rows = blocks.range(piece)
      table.sum_rows(
        gradient.tensor.pointer + rows.lowerBound * channels, rows.count, Int32(channels),
        parts.pointer + piece * channels)
    }
    finishBias(parts, parts: blocks.number, channels: channels, parameters)
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
