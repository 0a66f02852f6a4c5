import CKernels
import Tensors

extension KernelContext {
  /// 1×1 convolution: rows of channels times a matrix of `weights` inC×outC, block of rows by block of rows, so that
  /// what is read, multiplied and finished stays in a core's cache.
  func pointwiseForward(_ source: Source, weights: UnsafePointer<Real>, into out: Tensor, _ sink: Sink) -> Partials? {
    let (inC, outC) = (source.shape.c, out.shape.c)
    let blocks = blocks(of: out.shape.rows, rowBytes: (inC + outC) * MemoryLayout<Real>.stride)
    let partials = sink.gathers ? allocatePartials(pieces: blocks.number, channels: outC) : nil
    if isPlanning {
      pool.reserveScratch(bytes: blocks.size * inC * MemoryLayout<Real>.stride)
      return partials
    }
    let read = source.raw
    pool.run(blocks.number) { piece, thread in
      let rows = blocks.range(piece)
      let block = self.rows(rows, of: source, read, scratch: pool.scratch(thread))
      let to = out.pointer + rows.lowerBound * outC
      multiply(
        Matrix(pointer: block, stride: inC), Matrix(pointer: weights, stride: outC), into: to, stride: outC,
        m: rows.count, n: outC, k: inC)
      finish(out, rows, sink, partials?.piece(piece))
    }
    return partials
  }

  /// Both gradients of a 1×1 convolution in one pass over blocks of rows.
  func pointwiseBackward(
    _ source: Source, _ gradient: Source, weights: UnsafePointer<Real>, into dx: Tensor?, _ sink: Sink,
    _ parameters: ConvolutionGradient?
  ) -> Partials? {
    let (inC, outC) = (source.shape.c, gradient.shape.c)
    let rowBytes = (2 * inC + outC) * MemoryLayout<Real>.stride
    let blocks = blocks(of: source.shape.rows, rowBytes: rowBytes)
    let partials = dx != nil && sink.gathers ? allocatePartials(pieces: blocks.number, channels: inC) : nil
    let sums = parameters == nil ? nil : WeightSums(self, blocks: blocks, weights: inC * outC, channels: outC)
    if isPlanning {
      pool.reserveScratch(bytes: blocks.size * rowBytes)
      sums?.release(self)
      return partials
    }
    let (read, readGradient) = (source.raw, gradient.raw)
    let groups = Blocks(count: blocks.number, size: sums?.blocksEach ?? 1)
    pool.run(groups.number) { group, thread in
      let inputs = pool.scratch(thread)
      let gradients = inputs + blocks.size * inC
      for piece in groups.range(group) {
        let rows = blocks.range(piece)
        let dy = self.rows(rows, of: gradient, readGradient, scratch: gradients)
        if let sums {
          let x = self.rows(rows, of: source, read, scratch: inputs)
          multiply(
            Matrix(pointer: x, stride: inC, transposed: true), Matrix(pointer: dy, stride: outC),
            into: sums.weights(group), stride: outC, m: inC, n: outC, k: rows.count,
            keep: piece != groups.range(group).lowerBound)
          if !gradient.sumsToZero { sumRows(dy, rows.count, outC, into: sums.bias(piece)) }
        }
        if let dx {
          multiply(
            Matrix(pointer: dy, stride: outC), Matrix(pointer: weights, stride: outC, transposed: true),
            into: dx.pointer + rows.lowerBound * inC, stride: inC, m: rows.count, n: inC, k: outC)
          finish(dx, rows, sink, partials?.piece(piece))
        }
      }
    }
    if let sums, let parameters {
      sums.finish(self, parameters, biasIsZero: gradient.sumsToZero)
      sums.release(self)
    }
    return partials
  }

  /// Rows of a source: where they lie if it is plain, else computed into `scratch`.
  func rows(
    _ range: Range<Int>, of source: Source, _ raw: ck_source, scratch: UnsafeMutablePointer<Real>
  ) -> UnsafePointer<Real> {
    if source.kind == CK_PLAIN { return UnsafePointer(source.tensor.pointer + range.lowerBound * source.shape.c) }
    withUnsafePointer(to: raw) {
      table.pack_rows($0, range.lowerBound, range.count, Int32(source.shape.c), scratch, nil)
    }
    return UnsafePointer(scratch)
  }

  /// Column sums of contiguous rows.
  func sumRows(_ rows: UnsafePointer<Real>, _ count: Int, _ channels: Int, into sums: UnsafeMutablePointer<Real>) {
    withUnsafePointer(to: ck_source(kind: 0, x: rows, g: nil, a: nil, b: nil, d: nil)) {
      table.pack_rows($0, 0, count, Int32(channels), nil, sums)
    }
  }

  /// Applies a sink to rows of a result.
  func finish(_ out: Tensor, _ rows: Range<Int>, _ sink: Sink, _ partial: UnsafeMutablePointer<Real>?) {
    if sink.bias == nil && sink.addend == nil && sink.gate == nil && partial == nil { return }
    withUnsafePointer(to: sink.raw(partial: partial)) {
      table.finish_rows($0, out.pointer, rows.lowerBound, rows.count, Int32(out.shape.c))
    }
  }
}
