import CKernels
import Tensors

extension KernelContext {
  private func rowBytes(_ geometry: ConvolutionGeometry, channels: Int) -> Int {
    geometry.kernel * geometry.kernel * channels * MemoryLayout<Real>.stride
  }

  /// k×k convolution by patches and a matrix product with `weights` k×k×inC×outC.
  func directForward(
    _ source: Source, _ geometry: ConvolutionGeometry, weights: UnsafePointer<Real>, into out: Tensor, _ sink: Sink,
    _ operation: ConvolutionOperation
  ) -> Partials? {
    direct(
      source, geometry, weights: weights, inC: source.shape.c, outC: out.shape.c, turned: false, into: out, sink,
      operation)
  }

  /// The gradient with respect to the input, stride 1: a convolution with the kernel turned by half a turn and
  /// transposed.
  func directBackwardData(
    _ gradient: Source, _ geometry: ConvolutionGeometry, weights: UnsafePointer<Real>, into dx: Tensor, _ sink: Sink,
    _ operation: ConvolutionOperation
  ) -> Partials? {
    precondition(geometry.stride == 1, "the gradient of a strided convolution's input is not needed anywhere")
    return direct(
      gradient, geometry, weights: weights, inC: dx.shape.c, outC: gradient.shape.c, turned: true, into: dx, sink,
      operation)
  }

  private func direct(
    _ source: Source, _ geometry: ConvolutionGeometry, weights: UnsafePointer<Real>, inC: Int, outC: Int,
    turned: Bool, into out: Tensor, _ sink: Sink, _ operation: ConvolutionOperation
  ) -> Partials? {
    let taps = geometry.kernel * geometry.kernel
    let depth = taps * source.shape.c
    let blocks = blocks(of: out.shape.rows, rowBytes: rowBytes(geometry, channels: source.shape.c))
    let partials = sink.gathers ? allocatePartials(pieces: blocks.number, channels: out.shape.c) : nil
    let panels = allocatePanels(depth: depth, columns: out.shape.c)
    perform(operation.described, scratch: blocks.size * depth * MemoryLayout<Real>.stride) { workers in
      workers.pack(weights, taps: taps, inC: inC, outC: outC, turned: turned, into: panels)
      workers.run(blocks.number) { piece, thread in
        let rows = blocks.range(piece)
        let patches = workers.scratch(thread)
        workers.gather(source, geometry, rows, into: patches)
        workers.multiply(patches, panels, rows, into: out, sink, partials?.piece(piece))
      }
    }
    arena.release(panels.tensor)
    return partials
  }

  func directBackwardWeights(
    _ source: Source, _ gradient: Source, _ geometry: ConvolutionGeometry, _ parameters: ConvolutionGradient,
    _ operation: ConvolutionOperation
  ) {
    let (inC, outC) = (source.shape.c, gradient.shape.c)
    let depth = geometry.kernel * geometry.kernel * inC
    let blocks = blocks(of: gradient.shape.rows, rowBytes: rowBytes(geometry, channels: inC))
    let sums = WeightSums(self, blocks: blocks, weights: depth * outC, channels: outC)
    perform(operation.described, scratch: blocks.size * (depth + outC) * MemoryLayout<Real>.stride) { workers in
      if parameters.isNothing { return }
      let readGradient = gradient.raw
      let groups = Blocks(count: blocks.number, size: sums.blocksEach)
      workers.run(groups.number) { group, thread in
        let patches = workers.scratch(thread)
        let gradients = patches + blocks.size * depth
        for piece in groups.range(group) {
          let rows = blocks.range(piece)
          workers.gather(source, geometry, rows, into: patches)
          let dy = workers.rows(rows, of: gradient, readGradient, scratch: gradients)
          var coming = ck_coming()
          workers.table.multiply_transposed(
            patches, depth, dy, outC, rows.count, Int32(depth), Int32(outC),
            piece == groups.range(group).lowerBound ? 0 : 1, sums.weights(group), outC, &coming)
          if !gradient.sumsToZero { workers.table.sum_rows(dy, rows.count, Int32(outC), sums.bias(piece)) }
        }
        sums.close(group, workers)
      }
      sums.finish(workers, parameters, biasIsZero: gradient.sumsToZero)
    }
    sums.release(self)
  }
}

extension Workers {
  /// The patches that a convolution reads for these rows of its result: rows × (k·k·C).
  fileprivate func gather(
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
