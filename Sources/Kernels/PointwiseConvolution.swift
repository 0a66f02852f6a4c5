import CKernels
import Tensors

extension KernelContext {
  /// 1×1 convolution: rows of channels times a matrix of `weights` inC×outC, block of rows by block of rows, so that
  /// what is read, multiplied and finished stays in a core's cache.
  func pointwiseForward(
    _ source: Source, weights: UnsafePointer<Real>, into out: Tensor, _ sink: Sink, _ operation: ConvolutionOperation
  ) -> Partials? {
    let (inC, outC) = (source.shape.c, out.shape.c)
    let blocks = blocks(of: out.shape.rows, rowBytes: (inC + outC) * MemoryLayout<Real>.stride)
    let partials = sink.gathers ? allocatePartials(pieces: blocks.number, channels: outC) : nil
    let panels = allocatePanels(depth: inC, columns: outC)
    perform(operation.described, scratch: stripRows * inC * MemoryLayout<Real>.stride) { workers in
      workers.pack(weights, inC: inC, outC: outC, turned: false, into: panels)
      let read = source.raw
      workers.run(blocks.number) { piece, thread in
        let rows = blocks.range(piece)
        workers.multiply(
          read, rows.lowerBound, panels, rows, into: out, sink, partials?.piece(piece), strip: workers.scratch(thread))
      }
    }
    arena.release(panels.tensor)
    return partials
  }

  /// Both gradients of a 1×1 convolution in one pass over blocks of rows.
  func pointwiseBackward(
    _ source: Source, _ gradient: Source, weights: UnsafePointer<Real>, into dx: Tensor?, _ sink: Sink,
    _ parameters: ConvolutionGradient?, _ operation: ConvolutionOperation
  ) -> Partials? {
    let (inC, outC) = (source.shape.c, gradient.shape.c)
    let rowBytes = (2 * inC + outC) * MemoryLayout<Real>.stride
    let blocks = blocks(of: source.shape.rows, rowBytes: rowBytes)
    let partials = dx != nil && sink.gathers ? allocatePartials(pieces: blocks.number, channels: inC) : nil
    let sums = parameters == nil ? nil : WeightSums(self, blocks: blocks, weights: inC * outC, channels: outC)
    let panels = dx == nil ? nil : allocatePanels(depth: outC, columns: inC)
    perform(operation.described, scratch: blocks.size * rowBytes) { workers in
      if let panels { workers.pack(weights, inC: inC, outC: outC, turned: true, into: panels) }
      let (read, readGradient) = (source.raw, gradient.raw)
      let groups = Blocks(count: blocks.number, size: sums?.blocksEach ?? 1)
      workers.run(groups.number) { group, thread in
        let inputs = workers.scratch(thread)
        let gradients = inputs + blocks.size * inC
        for piece in groups.range(group) {
          let rows = blocks.range(piece)
          let dy = workers.rows(rows, of: gradient, readGradient, scratch: gradients)
          if let sums, let parameters, !parameters.isNothing {
            let x = workers.rows(rows, of: source, read, scratch: inputs)
            // The block that this thread takes next, most likely.
            let isLast = piece + 1 == groups.range(group).upperBound
            let next = isLast ? workers.next(after: group, of: groups.number).map { $0 * groups.size } : piece + 1
            var coming = ck_coming()
            if let dx { coming.append(dx, sink, rows: rows.prefix(workers.stripRows)) }
            if let next {
              coming.append(gradient, rows: blocks.range(next))
              coming.append(source, rows: blocks.range(next))
            }
            workers.table.multiply_transposed(
              x, inC, dy, outC, rows.count, Int32(inC), Int32(outC), piece == groups.range(group).lowerBound ? 0 : 1,
              sums.weights(group), outC, &coming)
            if !gradient.sumsToZero { workers.table.sum_rows(dy, rows.count, Int32(outC), sums.bias(piece)) }
          }
          if let dx, let panels { workers.multiply(dy, panels, rows, into: dx, sink, partials?.piece(piece)) }
        }
        if let sums, let parameters, !parameters.isNothing { sums.close(group, workers) }
      }
      if let sums, let parameters { sums.finish(workers, parameters, biasIsZero: gradient.sumsToZero) }
    }
    sums?.release(self)
    if let panels { arena.release(panels.tensor) }
    return partials
  }
}

extension Workers {
  /// Rows of `out` are rows of the source, from `sourceFirst` on, times panels, through the sink; on the calling thread.
  fileprivate func multiply(
    _ source: ck_source, _ sourceFirst: Int, _ panels: Panels, _ rows: Range<Int>, into out: Tensor, _ sink: Sink,
    _ partial: UnsafeMutablePointer<Real>?, strip: UnsafeMutablePointer<Real>
  ) {
    withUnsafePointer(to: source) { source in
      withUnsafePointer(to: sink.raw(partial: partial)) {
        table.multiply_rows(
          source, sourceFirst, panels.tensor.pointer, rows.lowerBound, rows.count, Int32(panels.depth),
          Int32(out.shape.c), $0, strip, out.pointer)
      }
    }
  }

  /// Rows of `out` = a·panels through the sink, on the calling thread.
  func multiply(
    _ a: UnsafeMutablePointer<Real>, _ panels: Panels, _ rows: Range<Int>, into out: Tensor, _ sink: Sink,
    _ partial: UnsafeMutablePointer<Real>?
  ) {
    let source = ck_source(kind: Int32(CK_PLAIN.rawValue), x: a, g: nil, a: nil, b: nil, d: nil)
    multiply(source, 0, panels, rows, into: out, sink, partial, strip: a)
  }

  /// Rows of a source: where they lie if it is plain, else computed into `scratch`.
  func rows(
    _ range: Range<Int>, of source: Source, _ raw: ck_source, scratch: UnsafeMutablePointer<Real>
  ) -> UnsafeMutablePointer<Real> {
    if source.kind == CK_PLAIN { return source.tensor.pointer + range.lowerBound * source.shape.c }
    withUnsafePointer(to: raw) {
      table.pack_rows($0, range.lowerBound, range.count, Int32(source.shape.c), scratch)
    }
    return scratch
  }

  /// Applies a sink to rows of a result.
  func finish(_ out: Tensor, _ rows: Range<Int>, _ sink: Sink, _ partial: UnsafeMutablePointer<Real>?) {
    if sink.bias == nil && sink.addend == nil && sink.gate == nil && partial == nil { return }
    withUnsafePointer(to: sink.raw(partial: partial)) {
      table.finish_rows($0, out.pointer, rows.lowerBound, rows.count, Int32(out.shape.c))
    }
  }
}
