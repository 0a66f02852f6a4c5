import CKernels
import Tensors

extension KernelContext {
  /// dW = Σ over parts of Gᵀ[Σ over the part's tiles of (Bᵀ d B) ⊗ (A dY Aᵀ)]G: each number is a sum over parts from first
  /// to last, and in these over tiles. What parts there are follows from the shape, so no thread count changes a result.
  func winogradBackwardWeights(
    _ source: Source, _ gradient: Source, _ parameters: ConvolutionGradient, _ operation: ConvolutionOperation
  ) {
    let (inC, outC, tiles) = (source.shape.c, gradient.shape.c, source.shape.tiles)
    let bias = BiasSums(self, gradient)
    defer { bias?.release(self) }
    // Of more channels the sums outgrow a core's cache.
    guard inC <= Winograd.widestSlice else {
      let room = PointRoom(self, tiles: tiles, inC: inC, outC: outC)
      perform(operation.described) { workers in
        workers.sumBias(gradient, bias, parameters.bias)
        workers.sumByPoints(source, gradient, 0..<tiles, room, parameters.weights)
      }
      room.release(self)
      return
    }
    let chunks = Blocks(count: tiles, size: Winograd.tilesTogether)
    let parts = Blocks(count: tiles, size: Blocks(count: chunks.number, size: Winograd.parts).number * chunks.size)
    let count = 9 * inC * outC
    let sums = arena.allocate(Shape(n: parts.number, h: 1, w: 1, c: count))
    defer { arena.release(sums) }
    if let slices = slices(of: outC, parts: parts.number) {
      let room = SliceRoom(self, inC: inC, slice: slices.size)
      perform(operation.described, scratch: room.bytes) { workers in
        workers.sumBias(gradient, bias, parameters.bias)
        workers.sumByParts(source, gradient, parts, slices, room, sums, parameters.weights)
        workers.finishWeights(sums, parts: parts.number, distance: count, count: count, parameters.weights)
      }
    } else {
      let room = PointRoom(self, tiles: parts.range(0).count, inC: inC, outC: outC)
      perform(operation.described) { workers in
        workers.sumBias(gradient, bias, parameters.bias)
        for part in 0..<parts.number {
          workers.sumByPoints(
            source, gradient, parts.range(part), room, parameters.weights.apart(at: sums.pointer + part * count))
        }
        workers.finishWeights(sums, parts: parts.number, distance: count, count: count, parameters.weights)
      }
      room.release(self)
    }
  }

  /// The widest slices of the gradient's channels that, with the parts, keep all threads busy four fifths of the time;
  /// nil where none do.
  private func slices(of outC: Int, parts: Int) -> Blocks? {
    for width in [Winograd.widestSlice, Winograd.widestSlice / 2] {
      let slices = Blocks(count: outC, size: width)
      let pieces = parts * slices.number
      let rounds = (pieces + pool.threads - 1) / pool.threads
      if 4 * rounds * pool.threads <= 5 * pieces { return slices }
    }
    return nil
  }
}

/// Working memory of `sumByParts`: for each thread a block of tiles' transforms, and its thirty-six sums.
private struct SliceRoom {
  let inputTile: Int
  let gradientTile: Int
  let plane: Int

  init(_ context: KernelContext, inC: Int, slice: Int) {
    inputTile = context.distance(of: Winograd.points * inC)
    gradientTile = context.distance(of: Winograd.points * slice)
    plane = context.distance(of: inC * slice)
  }

  var bytes: Int {
    (Winograd.tilesOfBlock * (inputTile + gradientTile) + Winograd.points * plane) * MemoryLayout<Real>.stride
  }
}

/// Working memory of `sumByPoints`: a chunk of tiles' transforms, and the thirty-six sums.
private struct PointRoom {
  let chunk: Int
  let inputTile: Int
  let gradientTile: Int
  let plane: Int
  let inputs: Tensor
  let gradients: Tensor
  let products: Tensor

  /// - Parameter tiles: of which the sums are taken; no more at a time.
  init(_ context: KernelContext, tiles: Int, inC: Int, outC: Int) {
    chunk = min(Winograd.tilesTogether, tiles)
    inputTile = context.distance(of: Winograd.points * inC)
    gradientTile = context.distance(of: Winograd.points * outC)
    plane = context.distance(of: inC * outC)
    inputs = context.arena.allocate(Shape(n: 1, h: 1, w: chunk, c: inputTile))
    gradients = context.arena.allocate(Shape(n: 1, h: 1, w: chunk, c: gradientTile))
    products = context.arena.allocate(Shape(n: 1, h: 1, w: Winograd.points, c: plane))
  }

  func release(_ context: KernelContext) {
    context.arena.release(inputs)
    context.arena.release(gradients)
    context.arena.release(products)
  }
}

/// Partial sums of a bias's gradient over blocks of rows.
private struct BiasSums {
  let blocks: Blocks
  let parts: Tensor

  /// nil: the gradient sums to zero.
  init?(_ context: KernelContext, _ gradient: Source) {
    if gradient.sumsToZero { return nil }
    let channels = gradient.shape.c
    blocks = context.blocks(of: gradient.shape.rows, rowBytes: channels * MemoryLayout<Real>.stride)
    parts = context.arena.allocate(Shape(n: 1, h: 1, w: blocks.number, c: channels))
  }

  func release(_ context: KernelContext) { context.arena.release(parts) }
}

extension Workers {
  /// Each piece is a part of the tiles and a slice of the gradient's channels, with all of the input's: what one core
  /// transforms no other reads, and what is under way stays in its cache.
  fileprivate func sumByParts(
    _ source: Source, _ gradient: Source, _ parts: Blocks, _ slices: Blocks, _ room: SliceRoom,
    _ sums: Tensor, _ parameter: ParameterGradient
  ) {
    let (inC, outC) = (source.shape.c, gradient.shape.c)
    if parameter.isNothing { return }
    let (read, readGradient, map) = (source.raw, gradient.raw, source.shape.map)
    run(parts.number * slices.number) { piece, thread in
      let (part, slice) = (piece / slices.number, slices.range(piece % slices.number))
      let chunks = Blocks(of: parts.range(part), size: Winograd.tilesOfBlock)
      let inputs = scratch(thread)
      let gradients = inputs + chunks.size * room.inputTile
      let products = gradients + chunks.size * room.gradientTile
      for chunk in 0..<chunks.number {
        let range = chunks.range(chunk)
        withUnsafePointer(to: map) { map in
          withUnsafePointer(to: read) {
            table.winograd_input($0, map, Int32(inC), range.lowerBound, range.count, inputs, room.inputTile)
          }
          withUnsafePointer(to: readGradient) {
            table.winograd_gradient(
              $0, map, Int32(outC), Int32(slice.lowerBound), Int32(slice.count), range.lowerBound, range.count,
              gradients, room.gradientTile)
          }
        }
        var coming = ck_coming()
        if chunk + 1 < chunks.number {
          let rows = source.shape.pixels(of: chunks.range(chunk + 1))
          coming.append(source, rows: rows)
          coming.append(gradient, rows: rows, channels: slice)
        }
        for point in 0..<Winograd.points {
          table.multiply_transposed(
            inputs + point * inC, room.inputTile, gradients + point * slice.count, room.gradientTile, range.count,
            Int32(inC),
            Int32(slice.count), chunk > 0 ? 1 : 0, products + point * room.plane, slice.count, &coming)
        }
      }
      for row in 0..<inC {
        table.winograd_weights_gradient(
          products + row * slice.count, room.plane, inC * outC, 0, slice.count, 1, 0,
          sums.pointer + (9 * part * inC + row) * outC + slice.lowerBound)
      }
    }
  }

  /// Chunk by chunk of tiles: all threads transform them, then divide the thirty-six products among them.
  fileprivate func sumByPoints(
    _ source: Source, _ gradient: Source, _ tiles: Range<Int>, _ room: PointRoom, _ parameter: ParameterGradient
  ) {
    let (inC, outC) = (source.shape.c, gradient.shape.c)
    if parameter.isNothing { return }
    let chunks = Blocks(of: tiles, size: min(room.chunk, tiles.count))
    let (read, readGradient, map) = (source.raw, gradient.raw, source.shape.map)
    for chunk in 0..<chunks.number {
      let range = chunks.range(chunk)
      let pieces = Blocks(of: range, size: 8)
      run(2 * pieces.number) { piece, _ in
        let part = pieces.range(piece / 2)
        let place = part.lowerBound - range.lowerBound
        withUnsafePointer(to: map) { map in
          if piece % 2 == 0 {
            withUnsafePointer(to: read) {
              table.winograd_input(
                $0, map, Int32(inC), part.lowerBound, part.count, room.inputs.pointer + place * room.inputTile,
                room.inputTile)
            }
          } else {
            withUnsafePointer(to: readGradient) {
              table.winograd_gradient(
                $0, map, Int32(outC), 0, Int32(outC), part.lowerBound, part.count,
                room.gradients.pointer + place * room.gradientTile, room.gradientTile)
            }
          }
        }
      }
      let next = chunk + 1 < chunks.number ? source.shape.pixels(of: chunks.range(chunk + 1)) : 0..<0
      run(Winograd.points) { point, _ in
        var coming = ck_coming()
        if let following = self.next(after: point, of: Winograd.points) {
          coming.append(room.inputs.pointer + following * inC, width: inC, stride: room.inputTile, rows: range.count)
          coming.append(
            room.gradients.pointer + following * outC, width: outC, stride: room.gradientTile, rows: range.count)
          if chunk > 0 { coming.append(room.products, rows: following..<following + 1, written: true) }
        }
        let share = point * next.count / Winograd.points..<(point + 1) * next.count / Winograd.points
        let rows = next.lowerBound + share.lowerBound..<next.lowerBound + share.upperBound
        coming.append(source, rows: rows)
        coming.append(gradient, rows: rows)
        table.multiply_transposed(
          room.inputs.pointer + point * inC, room.inputTile, room.gradients.pointer + point * outC, room.gradientTile,
          range.count,
          Int32(inC), Int32(outC), chunk > 0 ? 1 : 0, room.products.pointer + point * room.plane, outC, &coming)
      }
    }
    let pieces = Blocks(count: inC * outC, size: 2048)
    run(pieces.number) { piece, _ in
      let range = pieces.range(piece)
      table.winograd_weights_gradient(
        room.products.pointer, room.plane, inC * outC, range.lowerBound, range.count, parameter.scale,
        parameter.keep ? 1 : 0, parameter.values)
    }
  }

  /// The bias's gradient: sums over all pixels.
  fileprivate func sumBias(_ gradient: Source, _ sums: BiasSums?, _ parameter: ParameterGradient) {
    let channels = gradient.shape.c
    guard let sums else { return finishBias(nil, parts: 0, channels: channels, parameter) }
    if parameter.isNothing { return }
    run(sums.blocks.number) { piece, _ in
      let rows = sums.blocks.range(piece)
      table.sum_rows(
        gradient.tensor.pointer + rows.lowerBound * channels, rows.count, Int32(channels),
        sums.parts.pointer + piece * channels)
    }
    finishBias(sums.parts, parts: sums.blocks.number, channels: channels, parameter)
  }
}
