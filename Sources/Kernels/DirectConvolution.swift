import CKernels
import Tensors

extension KernelContext {
  private func rowBytes(_ geometry: ConvolutionGeometry, channels: Int) -> Int {
    geometry.kernel * geometry.kernel * channels * MemoryLayout<Real>.stride
  }

  /// k×k convolution by patches and a matrix product with `weights` k×k×inC×outC.
  func directForward(
    _ source: Source, _ geometry: ConvolutionGeometry, weights: UnsafePointer<Real>, into out: Tensor, _ sink: Sink
  ) -> Partials? {
    let outC = out.shape.c
    let depth = geometry.kernel * geometry.kernel * source.shape.c
    let blocks = blocks(of: out.shape.rows, rowBytes: rowBytes(geometry, channels: source.shape.c))
    let partials = sink.gathers ? allocatePartials(pieces: blocks.number, channels: outC) : nil
    let taps = geometry.kernel * geometry.kernel
    let panels = pack(weights, taps: taps, inC: source.shape.c, outC: outC, turned: false)
    defer { arena.release(panels.tensor) }
    if isPlanning {
      pool.reserveScratch(bytes: blocks.size * depth * MemoryLayout<Real>.stride)
      return partials
    }
    pool.run(blocks.number) { piece, thread in
      let rows = blocks.range(piece)
      let patches = pool.scratch(thread)
      gather(source, geometry, rows, into: patches)
      multiply(patches, panels, rows, into: out, sink, partials?.piece(piece))
    }
    return partials
  }

  /// The gradient with respect to the input, stride 1: a convolution with the kernel turned by half a turn and
  /// transposed.
  func directBackwardData(
    _ gradient: Source, _ geometry: ConvolutionGeometry, weights: UnsafePointer<Real>, into dx: Tensor, _ sink: Sink
  ) -> Partials? {
    precondition(geometry.stride == 1, "the gradient of a strided convolution's input is not needed anywhere")
    let (inC, outC) = (dx.shape.c, gradient.shape.c)
    let taps = geometry.kernel * geometry.kernel
    let blocks = blocks(of: dx.shape.rows, rowBytes: rowBytes(geometry, channels: outC))
    let partials = sink.gathers ? allocatePartials(pieces: blocks.number, channels: inC) : nil
    let panels = pack(weights, taps: taps, inC: inC, outC: outC, turned: true)
    defer { arena.release(panels.tensor) }
    if isPlanning {
      pool.reserveScratch(bytes: blocks.size * taps * outC * MemoryLayout<Real>.stride)
      return partials
    }
    pool.run(blocks.number) { piece, thread in
      let rows = blocks.range(piece)
      let patches = pool.scratch(thread)
      gather(gradient, geometry, rows, into: patches)
      multiply(patches, panels, rows, into: dx, sink, partials?.piece(piece))
    }
    return partials
  }

  func directBackwardWeights(
    _ source: Source, _ gradient: Source, _ geometry: ConvolutionGeometry, _ parameters: ConvolutionGradient
  ) {
    let (inC, outC) = (source.shape.c, gradient.shape.c)
    let depth = geometry.kernel * geometry.kernel * inC
    let blocks = blocks(of: gradient.shape.rows, rowBytes: rowBytes(geometry, channels: inC))
    let sums = WeightSums(self, blocks: blocks, weights: depth * outC, channels: outC)
    if isPlanning {
      pool.reserveScratch(bytes: blocks.size * (depth + outC) * MemoryLayout<Real>.stride)
      sums.release(self)
      return
    }
    if parameters.isNothing { return }
    let readGradient = gradient.raw
    let groups = Blocks(count: blocks.number, size: sums.blocksEach)
    pool.run(groups.number) { group, thread in
      let patches = pool.scratch(thread)
      let gradients = patches + blocks.size * depth
      for piece in groups.range(group) {
        let rows = blocks.range(piece)
        gather(source, geometry, rows, into: patches)
        let dy = self.rows(rows, of: gradient, readGradient, scratch: gradients)
        var coming = ck_coming()
        table.multiply_transposed(
          patches, depth, dy, outC, rows.count, Int32(depth), Int32(outC),
          piece == groups.range(group).lowerBound ? 0 : 1, sums.weights(group), outC, &coming)
        if !gradient.sumsToZero { table.sum_rows(dy, rows.count, Int32(outC), sums.bias(piece)) }
      }
      sums.close(group, self)
    }
    sums.finish(self, parameters, biasIsZero: gradient.sumsToZero)
    sums.release(self)
  }

  private func gather(
    _ source: Source, _ geometry: ConvolutionGeometry, _ rows: Range<Int>, into patches: UnsafeMutablePointer<Real>
  ) {
    let (raw, map) = (source.raw, source.shape.map)
    withUnsafePointer(to: raw) { raw in
      withUnsafePointer(to: map) { map in
        table.im2col(
          raw, map, Int32(source.shape.c), Int32(geometry.kernel), Int32(geometry.stride), Int32(geometry.padding),
          rows.lowerBound, rows.count, patches)
      }
    }
  }
}

extension Shape {
  var map: ck_map { ck_map(n: Int32(n), h: Int32(h), w: Int32(w)) }
}
