import CKernels
import Tensors

extension KernelContext {
  private func rowBytes(_ geometry: ConvolutionGeometry, channels: Int) -> Int {
    geometry.kernel * geometry.kernel * channels * MemoryLayout<Real>.stride
  }

  /// k×k convolution by patches and a matrix product with `weights` k×k×inC×outC.
  func directForward(
    _ input: Operand, _ geometry: ConvolutionGeometry, weights: UnsafePointer<Real>, into out: Tensor,
    _ epilogue: Epilogue,
    _ operation: ConvolutionOperation
  ) -> Partials? {
    direct(
      input, geometry, weights: weights, inC: input.shape.c, outC: out.shape.c, transposed: false, into: out, epilogue,
      operation)
  }

  /// The gradient with respect to the input, stride 1: a convolution with the kernel rotated by 180° and
  /// transposed.
  func directBackwardData(
    _ gradient: Operand, _ geometry: ConvolutionGeometry, weights: UnsafePointer<Real>, into dx: Tensor,
    _ epilogue: Epilogue,
    _ operation: ConvolutionOperation
  ) -> Partials? {
    precondition(geometry.stride == 1, "the gradient of a strided convolution's input is not needed anywhere")
    return direct(
      gradient, geometry, weights: weights, inC: dx.shape.c, outC: gradient.shape.c, transposed: true, into: dx,
      epilogue,
      operation)
  }

  private func direct(
    _ operand: Operand, _ geometry: ConvolutionGeometry, weights: UnsafePointer<Real>, inC: Int, outC: Int,
    transposed: Bool, into out: Tensor, _ epilogue: Epilogue, _ operation: ConvolutionOperation
  ) -> Partials? {
    let taps = geometry.kernel * geometry.kernel
    let depth = taps * operand.shape.c
    let blocks = blocks(of: out.shape.rows, rowBytes: rowBytes(geometry, channels: operand.shape.c))
    let partials = epilogue.gathers ? allocatePartials(pieces: blocks.number, channels: out.shape.c) : nil
    let panels = allocatePanels(depth: depth, columns: out.shape.c)
    perform(operation.described, scratch: blocks.size * depth * MemoryLayout<Real>.stride) { workers in
      workers.packPanels(weights, taps: taps, inC: inC, outC: outC, transposed: transposed, into: panels)
      workers.run(blocks.number) { piece, thread in
        let rows = blocks.range(piece)
        let patches = workers.scratch(thread)
        workers.im2col(operand, geometry, rows, into: patches)
        workers.gemm(patches, panels, rows, into: out, epilogue, partials?.piece(piece))
      }
    }
    arena.release(panels.tensor)
    return partials
  }

  func directBackwardWeights(
    _ input: Operand, _ gradient: Operand, _ geometry: ConvolutionGeometry, _ parameters: ConvolutionGradient,
    _ operation: ConvolutionOperation
  ) {
    let (inC, outC) = (input.shape.c, gradient.shape.c)
    let depth = geometry.kernel * geometry.kernel * inC
    let blocks = blocks(of: gradient.shape.rows, rowBytes: rowBytes(geometry, channels: inC))
    let sums = WeightGradientPartials(self, blocks: blocks, weights: depth * outC, channels: outC)
    perform(operation.described, scratch: blocks.size * (depth + outC) * MemoryLayout<Real>.stride) { workers in
      if parameters.isNothing { return }
      let readGradient = gradient.raw
      let groups = Blocks(count: blocks.number, size: sums.blocksEach)
      workers.run(groups.number) { group, thread in
        let patches = workers.scratch(thread)
        let gradients = patches + blocks.size * depth
        for piece in groups.range(group) {
          let rows = blocks.range(piece)
          workers.im2col(input, geometry, rows, into: patches)
          let dy = workers.loadRows(rows, of: gradient, readGradient, scratch: gradients)
          var prefetch = ck_prefetch()
          workers.table.gemm_transposed(
            patches, depth, dy, outC, rows.count, Int32(depth), Int32(outC),
            piece == groups.range(group).lowerBound ? 0 : 1, sums.weights(group), outC, &prefetch)
          if !gradient.sumsToZero { workers.table.sum_rows(dy, rows.count, Int32(outC), sums.bias(piece)) }
        }
        sums.combine(after: group, workers)
      }
      sums.finish(workers, parameters, biasIsZero: gradient.sumsToZero)
    }
    sums.release(self)
  }
}

extension Workers {
  /// The patches that a convolution reads for these rows of its result: rows × (k·k·C).
  fileprivate func im2col(
    _ operand: Operand, _ geometry: ConvolutionGeometry, _ rows: Range<Int>, into patches: UnsafeMutablePointer<Real>
  ) {
    let (raw, map) = (operand.raw, operand.shape.map)
    withUnsafePointer(to: raw) { raw in
      withUnsafePointer(to: map) { map in
        table.im2col(
          raw, map, Int32(operand.shape.c), Int32(geometry.kernel), Int32(geometry.stride), Int32(geometry.padding),
          rows.lowerBound, rows.count, patches)
      }
    }
  }
}

extension Shape {
  var map: ck_map { ck_map(n: Int32(n), h: Int32(h), w: Int32(w)) }
}
