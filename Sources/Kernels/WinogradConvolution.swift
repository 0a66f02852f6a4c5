import CKernels
import Tensors

/// 3×3 convolutions of stride 1 by Winograd's F(4×4, 3×3): thirty-six products over 4×4 tiles in place of nine over
/// pixels (Lavin and Gray, CVPR 2016).
extension KernelContext {
  private static var points: Int { 36 }
  /// Tiles whose transforms lie side by side for one weight gradient product.
  private static var tilesTogether: Int { 256 }

  private func tiles(_ shape: Shape) -> Int { shape.n * ((shape.h + 3) / 4) * ((shape.w + 3) / 4) }

  /// out = w * source, then the sink. `weights` is 3×3×inC×outC.
  func winogradForward(_ source: Source, weights: UnsafePointer<Real>, into out: Tensor, _ sink: Sink) -> Partials? {
    winograd(source, weights: weights, turned: false, into: out, sink)
  }

  /// The gradient with respect to the input: a convolution with the kernel turned by half a turn and transposed.
  func winogradBackwardData(
    _ gradient: Source, weights: UnsafePointer<Real>, into dx: Tensor, _ sink: Sink
  ) -> Partials? {
    winograd(gradient, weights: weights, turned: true, into: dx, sink)
  }

  private func winograd(
    _ source: Source, weights: UnsafePointer<Real>, turned: Bool, into out: Tensor, _ sink: Sink
  ) -> Partials? {
    precondition(sink.addend == nil, "nothing is added to a 3×3 convolution's result")
    let (inC, outC) = (source.shape.c, out.shape.c)
    let tiles = tiles(out.shape)
    let blocks = Blocks(count: tiles, size: max(8, min(32, (tiles / 8 + 3) / 4 * 4)))
    let partials = sink.gathers ? allocatePartials(pieces: blocks.number, channels: outC) : nil
    let transformed = arena.allocate(Shape(n: 1, h: Self.points, w: inC, c: outC))
    defer { arena.release(transformed) }
    if isPlanning {
      pool.reserveScratch(bytes: Self.points * blocks.size * (inC + outC) * MemoryLayout<Real>.stride)
      return partials
    }
    transform(weights, count: inC * outC, turned: turned, into: transformed.pointer)
    let (read, map) = (source.raw, out.shape.map)
    pool.run(blocks.number) { piece, thread in
      let range = blocks.range(piece)
      let inputs = pool.scratch(thread)
      let products = inputs + Self.points * blocks.size * inC
      withUnsafePointer(to: read) { read in
        withUnsafePointer(to: map) { map in
          table.winograd_input(
            read, map, Int32(inC), range.lowerBound, range.count, inputs, blocks.size * inC)
          for point in 0..<Self.points {
            multiply(
              Matrix(pointer: inputs + point * blocks.size * inC, stride: inC),
              Matrix(
                pointer: transformed.pointer + point * inC * outC, stride: turned ? inC : outC, transposed: turned),
              into: products + point * blocks.size * outC, stride: outC, m: range.count, n: outC, k: inC)
          }
          withUnsafePointer(to: sink.raw(partial: partials?.piece(piece))) {
            table.winograd_output(
              products, blocks.size * outC, map, Int32(outC), range.lowerBound, range.count, $0, out.pointer)
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
    let inputs = arena.allocate(Shape(n: 1, h: Self.points, w: chunks.size, c: inC))
    let gradients = arena.allocate(Shape(n: 1, h: Self.points, w: chunks.size, c: outC))
    let products = arena.allocate(Shape(n: 1, h: Self.points, w: inC, c: outC))
    defer { for tensor in [inputs, gradients, products] { arena.release(tensor) } }
    sumBias(gradient, parameters)
    if isPlanning { return }
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
                $0, map, Int32(inC), first, part.count, inputs.pointer + part.lowerBound * inC, chunks.size * inC)
            }
          } else {
            withUnsafePointer(to: readGradient) {
              table.winograd_gradient(
                $0, map, Int32(outC), first, part.count, gradients.pointer + part.lowerBound * outC,
                chunks.size * outC)
            }
          }
        }
      }
      pool.run(Self.points) { point, _ in
        multiply(
          Matrix(pointer: inputs.pointer + point * chunks.size * inC, stride: inC, transposed: true),
          Matrix(pointer: gradients.pointer + point * chunks.size * outC, stride: outC),
          into: products.pointer + point * inC * outC, stride: outC, m: inC, n: outC, k: range.count, keep: chunk > 0)
      }
    }
    let pieces = Blocks(count: inC * outC, size: 2048)
    pool.run(pieces.number) { piece, _ in
      let range = pieces.range(piece)
      table.winograd_weights_gradient(
        products.pointer, inC * outC, range.lowerBound, range.count, parameters.scale, parameters.keep ? 1 : 0,
        parameters.weights)
    }
  }

  private func transform(
    _ weights: UnsafePointer<Real>, count: Int, turned: Bool, into transformed: UnsafeMutablePointer<Real>
  ) {
    let pieces = Blocks(count: count, size: 1024)
    pool.run(pieces.number) { piece, _ in
      let range = pieces.range(piece)
      table.winograd_weights(weights, count, range.lowerBound, range.count, turned ? 1 : 0, transformed)
    }
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
    if isPlanning { return }
    pool.run(blocks.number) { piece, _ in
      let rows = blocks.range(piece)
      sumRows(
        UnsafePointer(gradient.tensor.pointer + rows.lowerBound * channels), rows.count, channels,
        into: parts.pointer + piece * channels)
    }
    finishBias(parts, parts: blocks.number, channels: channels, parameters)
  }
}
