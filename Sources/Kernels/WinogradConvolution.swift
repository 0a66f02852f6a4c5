import CKernels
import Tensors

/// 3×3 convolutions of stride 1 by Winograd's F(4×4, 3×3): thirty-six products over 4×4 tiles in place of nine over
/// pixels (Lavin and Gray, CVPR 2016).
extension KernelContext {
  private static var points: Int { 36 }
  /// Tiles that one thread takes through the transforms and products while they stay in its cache.
  private static var tilesOfBlock: Int { 32 }
  /// Tiles whose transforms lie side by side for one weight gradient product.
  private static var tilesTogether: Int { 256 }

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
    let (inputPlane, outputPlane) = (distance(of: blocks.size * inC), distance(of: blocks.size * panel))
    if isPlanning {
      pool.reserveScratch(bytes: Self.points * (inputPlane + outputPlane) * MemoryLayout<Real>.stride)
      return partials
    }
    let (read, map) = (source.raw, out.shape.map)
    pool.run(blocks.number) { piece, thread in
      let range = blocks.range(piece)
      let inputs = pool.scratch(thread)
      let products = inputs + Self.points * inputPlane
      withUnsafePointer(to: map) { map in
        withUnsafePointer(to: read) {
          table.winograd_input($0, map, Int32(inC), range.lowerBound, range.count, inputs, inputPlane)
        }
        withUnsafePointer(to: sink.raw(partial: partials?.piece(piece))) { sink in
          for column in stride(from: 0, to: outC, by: panel) {
            for point in 0..<Self.points {
              table.multiply(
                inputs + point * inputPlane, inC, panels.pointer(plane: point) + column * inC, range.count, Int32(inC),
                products + point * outputPlane)
            }
            table.winograd_output(
              products, outputPlane, map, Int32(outC), Int32(column), range.lowerBound, range.count, sink, out.pointer)
          }
        }
      }
    }
    return partials
  }

  /// dW = Gᵀ[Σ over tiles of (Bᵀ d B) ⊗ (A dY Aᵀ)]G: the products divide over the thirty-six points, so no thread count
  /// changes a sum.
  func winogradBackwardWeights(_ source: Source, _ gradient: Source, _ parameters: ConvolutionGradient) {
    let (inC, outC) = (source.shape.c, gradient.shape.c)
    let chunks = Blocks(count: tiles(source.shape), size: min(Self.tilesTogether, tiles(source.shape)))
    let (inputPlane, gradientPlane) = (distance(of: chunks.size * inC), distance(of: chunks.size * outC))
    let productPlane = distance(of: inC * outC)
    let inputs = arena.allocate(Shape(n: 1, h: 1, w: Self.points, c: inputPlane))
    let gradients = arena.allocate(Shape(n: 1, h: 1, w: Self.points, c: gradientPlane))
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
                $0, map, Int32(inC), first, part.count, inputs.pointer + part.lowerBound * inC, inputPlane)
            }
          } else {
            withUnsafePointer(to: readGradient) {
              table.winograd_gradient(
                $0, map, Int32(outC), first, part.count, gradients.pointer + part.lowerBound * outC,
                gradientPlane)
            }
          }
        }
      }
      pool.run(Self.points) { point, _ in
        table.multiply_transposed(
          inputs.pointer + point * inputPlane, inC, gradients.pointer + point * gradientPlane, outC, range.count,
          Int32(inC), Int32(outC), chunk > 0 ? 1 : 0, products.pointer + point * productPlane, outC)
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
