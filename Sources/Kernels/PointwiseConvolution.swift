import CKernels
import Tensors

extension KernelContext {
  /// 1×1 convolution: rows of channels times a matrix of `weights` inC×outC, block of rows by block of rows, so that
  /// what is read, multiplied and finished stays in a core's cache.
  func pointwiseForward(
    _ input: Operand, weights: UnsafePointer<Real>, into out: Tensor, _ epilogue: Epilogue,
    _ operation: ConvolutionOperation
  ) -> Partials? {
    let (inC, outC) = (input.shape.c, out.shape.c)
    let blocks = blocks(of: out.shape.rows, rowBytes: (inC + outC) * MemoryLayout<Real>.stride)
    let partials = epilogue.gathers ? allocatePartials(pieces: blocks.number, channels: outC) : nil
    let panels = allocatePanels(depth: inC, columns: outC)
    perform(operation.described, scratch: stripRows * inC * MemoryLayout<Real>.stride) { workers in
      workers.packPanels(weights, inC: inC, outC: outC, transposed: false, into: panels)
      let read = input.raw
      workers.run(blocks.number) { piece, thread in
        let rows = blocks.range(piece)
        workers.gemm(
          read, rows.lowerBound, panels, rows, into: out, epilogue, partials?.piece(piece),
          strip: workers.scratch(thread))
      }
    }
    arena.release(panels.tensor)
    return partials
  }

  /// Both gradients of a 1×1 convolution in one pass over blocks of rows.
  func pointwiseBackward(
    _ input: Operand, _ gradient: Operand, weights: UnsafePointer<Real>, into dx: Tensor?, _ epilogue: Epilogue,
    _ parameters: ConvolutionGradient?, _ operation: ConvolutionOperation
  ) -> Partials? {
    let (inC, outC) = (input.shape.c, gradient.shape.c)
    let rowBytes = (2 * inC + outC) * MemoryLayout<Real>.stride
    let blocks = blocks(of: input.shape.rows, rowBytes: rowBytes)
    let partials = dx != nil && epilogue.gathers ? allocatePartials(pieces: blocks.number, channels: inC) : nil
    let sums =
      parameters == nil ? nil : WeightGradientPartials(self, blocks: blocks, weights: inC * outC, channels: outC)
    let panels = dx == nil ? nil : allocatePanels(depth: outC, columns: inC)
    perform(operation.described, scratch: blocks.size * rowBytes) { workers in
      if let panels { workers.packPanels(weights, inC: inC, outC: outC, transposed: true, into: panels) }
      let (read, readGradient) = (input.raw, gradient.raw)
      let groups = Blocks(count: blocks.number, size: sums?.blocksEach ?? 1)
      workers.run(groups.number) { group, thread in
        let inputs = workers.scratch(thread)
        let gradients = inputs + blocks.size * inC
        for piece in groups.range(group) {
          let rows = blocks.range(piece)
          let dy = workers.loadRows(rows, of: gradient, readGradient, scratch: gradients)
          if let sums, let parameters, !parameters.isNothing {
            let x = workers.loadRows(rows, of: input, read, scratch: inputs)
            // The block that this thread takes next, most likely.
            let isLast = piece + 1 == groups.range(group).upperBound
            let next = isLast ? workers.next(after: group, of: groups.number).map { $0 * groups.size } : piece + 1
            var prefetch = ck_prefetch()
            if let dx { prefetch.append(dx, epilogue, rows: rows.prefix(workers.stripRows)) }
            if let next {
              prefetch.append(gradient, rows: blocks.range(next))
              prefetch.append(input, rows: blocks.range(next))
            }
            workers.table.gemm_transposed(
              x, inC, dy, outC, rows.count, Int32(inC), Int32(outC), piece == groups.range(group).lowerBound ? 0 : 1,
              sums.weights(group), outC, &prefetch)
            if !gradient.sumsToZero { workers.table.sum_rows(dy, rows.count, Int32(outC), sums.bias(piece)) }
          }
          if let dx, let panels { workers.gemm(dy, panels, rows, into: dx, epilogue, partials?.piece(piece)) }
        }
        if let sums, let parameters, !parameters.isNothing { sums.combine(after: group, workers) }
      }
      if let sums, let parameters { sums.finish(workers, parameters, biasIsZero: gradient.sumsToZero) }
    }
    sums?.release(self)
    if let panels { arena.release(panels.tensor) }
    return partials
  }
}

extension Workers {
  /// Rows of `out` are rows of the operand, from `operandFirst` on, times panels, through the epilogue; on the calling thread.
  fileprivate func gemm(
    _ operand: ck_operand, _ operandFirst: Int, _ panels: Panels, _ rows: Range<Int>, into out: Tensor,
    _ epilogue: Epilogue,
    _ partial: UnsafeMutablePointer<Real>?, strip: UnsafeMutablePointer<Real>
  ) {
    withUnsafePointer(to: operand) { operand in
      withUnsafePointer(to: epilogue.raw(partial: partial)) {
        table.gemm_rows(
          operand, operandFirst, panels.tensor.pointer, rows.lowerBound, rows.count, Int32(panels.depth),
          Int32(out.shape.c), $0, strip, out.pointer)
      }
    }
  }

  /// Rows of `out` = a·panels through the epilogue, on the calling thread.
  func gemm(
    _ a: UnsafeMutablePointer<Real>, _ panels: Panels, _ rows: Range<Int>, into out: Tensor, _ epilogue: Epilogue,
    _ partial: UnsafeMutablePointer<Real>?
  ) {
    let operand = ck_operand(kind: Int32(CK_PLAIN.rawValue), x: a, g: nil, a: nil, b: nil, d: nil)
    gemm(operand, 0, panels, rows, into: out, epilogue, partial, strip: a)
  }

  /// Rows of an operand: where they are if it is plain, else computed into `scratch`.
  func loadRows(
    _ range: Range<Int>, of operand: Operand, _ raw: ck_operand, scratch: UnsafeMutablePointer<Real>
  ) -> UnsafeMutablePointer<Real> {
    if operand.kind == CK_PLAIN { return operand.tensor.pointer + range.lowerBound * operand.shape.c }
    withUnsafePointer(to: raw) {
      table.load_rows($0, range.lowerBound, range.count, Int32(operand.shape.c), scratch)
    }
    return scratch
  }

  /// Applies an epilogue to rows of a result.
  func applyEpilogue(_ out: Tensor, _ rows: Range<Int>, _ epilogue: Epilogue, _ partial: UnsafeMutablePointer<Real>?) {
    if epilogue.bias == nil && epilogue.addend == nil && epilogue.gate == nil && partial == nil { return }
    withUnsafePointer(to: epilogue.raw(partial: partial)) {
      table.apply_epilogue($0, out.pointer, rows.lowerBound, rows.count, Int32(out.shape.c))
    }
  }
}
