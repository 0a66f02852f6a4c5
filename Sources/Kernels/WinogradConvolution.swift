import CKernels
import Tensors

/// 3×3 convolutions of stride 1 by Winograd's F(4×4, 3×3): thirty-six products over 4×4 tiles in place of nine over
/// pixels (Lavin and Gray, CVPR 2016).
extension KernelContext {
  private static var points: Int { 36 }
  /// Tiles that one thread takes through the transforms and products while they stay in its cache.
  private static var tilesOfBlock: Int { 32 }
  /// Tiles whose transforms lie side by side for one weight gradient product.
  private static var tilesTogether: Int { 64 }

  private func tiles(_ shape: Shape) -> Int { shape.n * ((shape.h + 3) / 4) * ((shape.w + 3) / 4) }

  /// out = w * source, then the sink. `weights` is 3×3×inC×outC.
  func winogradForward(_ source: Source, weights: UnsafePointer<Real>, into out: Tensor, _ sink: Sink) -> Partials? {
    let panels = transform(weights, inC: source.shape.c, outC: out.shape.c, turned: false)
    defer { arena.release(panels.tensor) }
    return winograd(source, panels, into: out, sink)
  }

  /// The gradient with respect to the input: a convolution with the kernel turned by half a turn and transposed.
  func winogradBackwardData(
    _ gradient: Source, weights: UnsafePointer<Real>, into dx: Tensor, _ sink: Sink
  ) -> Partials? {
    let panels = transform(weights, inC: dx.shape.c, outC: gradient.shape.c, turned: true)
    defer { arena.release(panels.tensor) }
    return winograd(gradient, panels, into: dx, sink)
  }

  private func winograd(_ source: Source, _ panels: Panels, into out: Tensor, _ sink: Sink) -> Partials? {
    precondition(sink.addend == nil, "nothing is added to a 3×3 convolution's result")
    let (inC, outC) = (source.shape.c, out.shape.c)
    let tiles = tiles(out.shape)
    let blocks = Blocks(count: tiles, size: max(8, min(Self.tilesOfBlock, (tiles / 8 + 7) / 8 * 8)))
    let partials = sink.gathers ? allocatePartials(pieces: blocks.number, channels: outC) : nil
    let (inputTile, outputTile) = (distance(of: Self.points * inC), distance(of: Self.points * panel))
    if isPlanning {
      pool.reserveScratch(bytes: blocks.size * (inputTile + outputTile) * MemoryLayout<Real>.stride)
      return partials
    }
    let (read, map) = (source.raw, out.shape.map)
    pool.run(blocks.number) { piece, thread in
      let range = blocks.range(piece)
      // The block that this thread takes next, most likely.
      let next = piece + pool.threads
      let inputs = pool.scratch(thread)
      let products = inputs + blocks.size * inputTile
      withUnsafePointer(to: map) { map in
        withUnsafePointer(to: read) {
          table.winograd_input($0, map, Int32(inC), range.lowerBound, range.count, inputs, inputTile)
        }
        var coming = coming(out, sink, range, source, next < blocks.number ? blocks.range(next) : 0..<0)
        withUnsafePointer(to: sink.raw(partial: partials?.piece(piece))) { sink in
          for column in stride(from: 0, to: outC, by: panel) {
            for point in 0..<Self.points {
              table.multiply(
                inputs + point * inC, inputTile, panels.pointer(plane: point) + column * inC, range.count, Int32(inC),
                products + point * panel, outputTile, &coming)
            }
            table.winograd_output(
              products, outputTile, map, Int32(outC), Int32(column), range.lowerBound, range.count, sink, out.pointer)
          }
        }
      }
    }
    return partials
  }

  /// What the tiles' results will touch, then what the tiles that this thread takes next will read.
  private func coming(
    _ out: Tensor, _ sink: Sink, _ tiles: Range<Int>, _ source: Source, _ next: Range<Int>
  ) -> ck_coming {
    var coming = ck_coming()
    coming.append(out, rows: pixels(of: tiles, out.shape))
    coming.append(sink.gate?.tensor, rows: pixels(of: tiles, out.shape))
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

  /// dW = Gᵀ[Σ over tiles of (Bᵀ d B) ⊗ (A dY Aᵀ)]G: the products divide over the thirty-six points, so no thread count
  /// changes a sum.
  func winogradBackwardWeights(_ source: Source, _ gradient: Source, _ parameters: ConvolutionGradient) {
    let (inC, outC) = (source.shape.c, gradient.shape.c)
    let chunks = Blocks(count: tiles(source.shape), size: min(Self.tilesTogether, tiles(source.shape)))
    let (inputTile, gradientTile) = (distance(of: Self.points * inC), distance(of: Self.points * outC))
    let productPlane = distance(of: inC * outC)
    let inputs = arena.allocate(Shape(n: 1, h: 1, w: chunks.size, c: inputTile))
    let gradients = arena.allocate(Shape(n: 1, h: 1, w: chunks.size, c: gradientTile))
    let products = arena.allocate(Shape(n: 1, h: 1, w: Self.points, c: productPlane))
    defer { for tensor in [inputs, gradients, products] { arena.release(tensor) } }
    sumBias(gradient, parameters)
    if isPlanning || parameters.isNothing { return }
    let (read, readGradient, map) = (source.raw, gradient.raw, source.shape.map)
    for chunk in 0..<chunks.number {
      let range = chunks.range(chunk)
      let pieces = Blocks(count: range.count, size: 8)
      pool.run(2 * pieces.number) { piece, _ in
        let part = pieces.range(piece / 2)
        let first = range.lowerBound + part.lowerBound
        withUnsafePointer(to: map) { map in
          if piece % 2 == 0 {
            withUnsafePointer(to: read) {
              table.winograd_input(
                $0, map, Int32(inC), first, part.count, inputs.pointer + part.lowerBound * inputTile, inputTile)
            }
          } else {
            withUnsafePointer(to: readGradient) {
              table.winograd_gradient(
                $0, map, Int32(outC), first, part.count, gradients.pointer + part.lowerBound * gradientTile,
                gradientTile)
            }
          }
        }
      }
      let next = chunk + 1 < chunks.number ? pixels(of: chunks.range(chunk + 1), source.shape) : 0..<0
      pool.run(Self.points) { point, _ in
        var coming = ck_coming()
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
  private func transform(_ weights: UnsafePointer<Real>, inC: Int, outC: Int, turned: Bool) -> Panels {
    let packed = pack(weights, taps: 9, inC: inC, outC: outC, turned: turned)
    let panels = allocatePanels(
      planes: Self.points, depth: packed.depth, columns: turned ? inC : outC)
    arena.release(packed.tensor)
    if isPlanning { return panels }
    let pieces = Blocks(count: packed.plane, size: 2048)
    pool.run(pieces.number) { piece, _ in
      let range = pieces.range(piece)
      table.winograd_weights(
        packed.tensor.pointer, packed.plane, range.lowerBound, range.count, turned ? 1 : 0, panels.tensor.pointer)
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
