import CKernels
import Tensors

extension KernelContext {
  /// dW = Σ over parts of Gᵀ[Σ over the part's tiles of (Bᵀ d B) ⊗ (A dY Aᵀ)]G: each number is a sum over parts from first
  /// to last, and in these over tiles. What parts there are follows from the shape, so no thread count changes a result.
  func winogradF4x3BackwardWeights(
    _ input: Operand, _ gradient: Operand, _ parameters: ConvolutionGradient, _ operation: ConvolutionOperation
  ) {
    let (inC, outC, tiles) = (input.shape.c, gradient.shape.c, input.shape.tiles)
    let bias = BiasSums(self, gradient)
    defer { bias?.release(self) }
    // Of more channels the sums outgrow a core's cache.
    guard inC <= WinogradF4x3.widestSlice else {
      let workspace = PointWorkspace(self, tiles: tiles, inC: inC, outC: outC)
      perform(operation.described) { workers in
        workers.backwardBias(gradient, bias, parameters.bias)
        workers.winogradF4x3BackwardWeightsByPoint(input, gradient, 0..<tiles, workspace, parameters.weights)
      }
      workspace.release(self)
      return
    }
    let chunks = Blocks(count: tiles, size: WinogradF4x3.tilesTogether)
    let parts = Blocks(count: tiles, size: Blocks(count: chunks.number, size: WinogradF4x3.parts).number * chunks.size)
    let count = 9 * inC * outC
    let sums = arena.allocate(Shape(n: parts.number, h: 1, w: 1, c: count))
    defer { arena.release(sums) }
    if let slices = slices(of: outC, parts: parts.number) {
      let workspace = SliceWorkspace(self, inC: inC, slice: slices.size)
      perform(operation.described, scratch: workspace.bytes) { workers in
        workers.backwardBias(gradient, bias, parameters.bias)
        workers.winogradF4x3BackwardWeightsByTilePart(
          input, gradient, parts, slices, workspace, sums, parameters.weights)
        workers.reduceWeightGradient(sums, parts: parts.number, stride: count, count: count, parameters.weights)
      }
    } else {
      let workspace = PointWorkspace(self, tiles: parts.range(0).count, inC: inC, outC: outC)
      perform(operation.described) { workers in
        workers.backwardBias(gradient, bias, parameters.bias)
        for part in 0..<parts.number {
          workers.winogradF4x3BackwardWeightsByPoint(
            input, gradient, parts.range(part), workspace, parameters.weights.apart(at: sums.pointer + part * count))
        }
        workers.reduceWeightGradient(sums, parts: parts.number, stride: count, count: count, parameters.weights)
      }
      workspace.release(self)
    }
  }

  /// The widest slices of the gradient's channels that, with the parts, keep all threads busy four fifths of the time;
  /// nil where none do.
  private func slices(of outC: Int, parts: Int) -> Blocks? {
    for width in [WinogradF4x3.widestSlice, WinogradF4x3.widestSlice / 2] {
      let slices = Blocks(count: outC, size: width)
      let pieces = parts * slices.number
      let rounds = (pieces + pool.threads - 1) / pool.threads
      if 4 * rounds * pool.threads <= 5 * pieces { return slices }
    }
    return nil
  }
}

/// Working memory of `winogradF4x3BackwardWeightsByTilePart`: for each thread a block of tiles' transforms, and its
/// thirty-six sums.
private struct SliceWorkspace {
  let inputTileStride: Int
  let gradientTileStride: Int
  let planeStride: Int

  init(_ context: KernelContext, inC: Int, slice: Int) {
    inputTileStride = context.paddedStride(of: WinogradF4x3.points * inC)
    gradientTileStride = context.paddedStride(of: WinogradF4x3.points * slice)
    planeStride = context.paddedStride(of: inC * slice)
  }

  var bytes: Int {
    (WinogradF4x3.tilesOfBlock * (inputTileStride + gradientTileStride) + WinogradF4x3.points * planeStride)
      * MemoryLayout<Real>.stride
  }
}

/// Working memory of `winogradF4x3BackwardWeightsByPoint`: a chunk of tiles' transforms, and the thirty-six sums.
private struct PointWorkspace {
  let chunk: Int
  let inputTileStride: Int
  let gradientTileStride: Int
  let planeStride: Int
  let inputs: Tensor
  let gradients: Tensor
  let products: Tensor

  /// - Parameter tiles: of which the sums are taken; no more at a time.
  init(_ context: KernelContext, tiles: Int, inC: Int, outC: Int) {
    chunk = min(WinogradF4x3.tilesTogether, tiles)
    inputTileStride = context.paddedStride(of: WinogradF4x3.points * inC)
    gradientTileStride = context.paddedStride(of: WinogradF4x3.points * outC)
    planeStride = context.paddedStride(of: inC * outC)
    inputs = context.arena.allocate(Shape(n: 1, h: 1, w: chunk, c: inputTileStride))
    gradients = context.arena.allocate(Shape(n: 1, h: 1, w: chunk, c: gradientTileStride))
    products = context.arena.allocate(Shape(n: 1, h: 1, w: WinogradF4x3.points, c: planeStride))
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
  init?(_ context: KernelContext, _ gradient: Operand) {
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
  fileprivate func winogradF4x3BackwardWeightsByTilePart(
    _ input: Operand, _ gradient: Operand, _ parts: Blocks, _ slices: Blocks, _ workspace: SliceWorkspace,
    _ sums: Tensor, _ parameter: ParameterGradient
  ) {
    let (inC, outC) = (input.shape.c, gradient.shape.c)
    if parameter.isNothing { return }
    let (read, readGradient, map) = (input.raw, gradient.raw, input.shape.map)
    run(parts.number * slices.number) { piece, thread in
      let (part, slice) = (piece / slices.number, slices.range(piece % slices.number))
      let chunks = Blocks(of: parts.range(part), size: WinogradF4x3.tilesOfBlock)
      let inputs = scratch(thread)
      let gradients = inputs + chunks.size * workspace.inputTileStride
      let products = gradients + chunks.size * workspace.gradientTileStride
      for chunk in 0..<chunks.number {
        let range = chunks.range(chunk)
        withUnsafePointer(to: map) { map in
          withUnsafePointer(to: read) {
            table.winograd_f4x3_input(
              $0, map, Int32(inC), range.lowerBound, range.count, inputs, workspace.inputTileStride)
          }
          withUnsafePointer(to: readGradient) {
            table.winograd_f4x3_output_gradient(
              $0, map, Int32(outC), Int32(slice.lowerBound), Int32(slice.count), range.lowerBound, range.count,
              gradients, workspace.gradientTileStride)
          }
        }
        var prefetch = ck_prefetch()
        if chunk + 1 < chunks.number {
          let rows = input.shape.pixels(of: chunks.range(chunk + 1))
          prefetch.append(input, rows: rows)
          prefetch.append(gradient, rows: rows, channels: slice)
        }
        for point in 0..<WinogradF4x3.points {
          table.gemm_transposed(
            inputs + point * inC, workspace.inputTileStride, gradients + point * slice.count,
            workspace.gradientTileStride, range.count, Int32(inC), Int32(slice.count), chunk > 0 ? 1 : 0,
            products + point * workspace.planeStride, slice.count, &prefetch)
        }
      }
      for row in 0..<inC {
        table.winograd_f4x3_weight_gradient(
          products + row * slice.count, workspace.planeStride, inC * outC, 0, slice.count, 1, 0,
          sums.pointer + (9 * part * inC + row) * outC + slice.lowerBound)
      }
    }
  }

  /// Chunk by chunk of tiles: all threads transform them, then divide the thirty-six products among them.
  fileprivate func winogradF4x3BackwardWeightsByPoint(
    _ input: Operand, _ gradient: Operand, _ tiles: Range<Int>, _ workspace: PointWorkspace,
    _ parameter: ParameterGradient
  ) {
    let (inC, outC) = (input.shape.c, gradient.shape.c)
    if parameter.isNothing { return }
    let chunks = Blocks(of: tiles, size: min(workspace.chunk, tiles.count))
    let (read, readGradient, map) = (input.raw, gradient.raw, input.shape.map)
    for chunk in 0..<chunks.number {
      let range = chunks.range(chunk)
      let pieces = Blocks(of: range, size: 8)
      run(2 * pieces.number) { piece, _ in
        let part = pieces.range(piece / 2)
        let place = part.lowerBound - range.lowerBound
        withUnsafePointer(to: map) { map in
          if piece % 2 == 0 {
            withUnsafePointer(to: read) {
              table.winograd_f4x3_input(
                $0, map, Int32(inC), part.lowerBound, part.count,
                workspace.inputs.pointer + place * workspace.inputTileStride, workspace.inputTileStride)
            }
          } else {
            withUnsafePointer(to: readGradient) {
              table.winograd_f4x3_output_gradient(
                $0, map, Int32(outC), 0, Int32(outC), part.lowerBound, part.count,
                workspace.gradients.pointer + place * workspace.gradientTileStride, workspace.gradientTileStride)
            }
          }
        }
      }
      let next = chunk + 1 < chunks.number ? input.shape.pixels(of: chunks.range(chunk + 1)) : 0..<0
      run(WinogradF4x3.points) { point, _ in
        var prefetch = ck_prefetch()
        if let following = self.next(after: point, of: WinogradF4x3.points) {
          prefetch.append(
            workspace.inputs.pointer + following * inC, width: inC, stride: workspace.inputTileStride,
            rows: range.count)
          prefetch.append(
            workspace.gradients.pointer + following * outC, width: outC, stride: workspace.gradientTileStride,
            rows: range.count)
          if chunk > 0 { prefetch.append(workspace.products, rows: following..<following + 1, written: true) }
        }
        let share = point * next.count / WinogradF4x3.points..<(point + 1) * next.count / WinogradF4x3.points
        let rows = next.lowerBound + share.lowerBound..<next.lowerBound + share.upperBound
        prefetch.append(input, rows: rows)
        prefetch.append(gradient, rows: rows)
        table.gemm_transposed(
          workspace.inputs.pointer + point * inC, workspace.inputTileStride, workspace.gradients.pointer + point * outC,
          workspace.gradientTileStride, range.count, Int32(inC), Int32(outC), chunk > 0 ? 1 : 0,
          workspace.products.pointer + point * workspace.planeStride, outC, &prefetch)
      }
    }
    let pieces = Blocks(count: inC * outC, size: 2048)
    run(pieces.number) { piece, _ in
      let range = pieces.range(piece)
      table.winograd_f4x3_weight_gradient(
        workspace.products.pointer, workspace.planeStride, inC * outC, range.lowerBound, range.count, parameter.scale,
        parameter.keep ? 1 : 0, parameter.values)
    }
  }

  /// The bias's gradient: sums over all pixels.
  fileprivate func backwardBias(_ gradient: Operand, _ sums: BiasSums?, _ parameter: ParameterGradient) {
    let channels = gradient.shape.c
    guard let sums else { return reduceBiasGradient(nil, parts: 0, channels: channels, parameter) }
    if parameter.isNothing { return }
    run(sums.blocks.number) { piece, _ in
      let rows = sums.blocks.range(piece)
      table.sum_rows(
        gradient.tensor.pointer + rows.lowerBound * channels, rows.count, Int32(channels),
        sums.parts.pointer + piece * channels)
    }
    reduceBiasGradient(sums.parts, parts: sums.blocks.number, channels: channels, parameter)
  }
}
