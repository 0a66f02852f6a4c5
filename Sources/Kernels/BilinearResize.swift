import Tensors

extension KernelContext {
  /// Resizes images to `out`'s height and width and writes them into its first channels, the others untouched.
  ///
  /// Bilinear with half-pixel centres and no antialiasing: output pixel i looks at (i + ½)·(in/out) − ½, clamped to
  /// the image, as `interpolate(mode: bilinear, align_corners: false)` does.
  public func resizeBilinear(_ images: Tensor, into out: Tensor) {
    let (from, to) = (images.shape, out.shape)
    precondition(from.n == to.n && from.c <= to.c)
    perform(KernelOperation("bilinear resize", from, numbers: images.count + to.rows * from.c)) { workers in
      let (scaleY, scaleX) = (Double(from.h) / Double(to.h), Double(from.w) / Double(to.w))
      workers.run(to.n * to.h) { row, _ in
        let (image, y) = (row / to.h, row % to.h)
        let (top, bottom, fy) = Self.neighbours(y, scaleY, from.h)
        let base = images.pointer + image * from.h * from.w * from.c
        for x in 0..<to.w {
          let (left, right, fx) = Self.neighbours(x, scaleX, from.w)
          let pixel = out.pointer + (row * to.w + x) * to.c
          for c in 0..<from.c {
            let value = { (y: Int, x: Int) in base[(y * from.w + x) * from.c + c] }
            let upper = value(top, left) * (1 - fx) + value(top, right) * fx
            let lower = value(bottom, left) * (1 - fx) + value(bottom, right) * fx
            pixel[c] = upper * (1 - fy) + lower * fy
          }
        }
      }
    }
  }

  private static func neighbours(_ index: Int, _ scale: Double, _ extent: Int) -> (Int, Int, Real) {
    let position = max(0, (Double(index) + 0.5) * scale - 0.5)
    let first = min(Int(position), extent - 1)
    return (first, min(first + 1, extent - 1), Real(position - Double(first)))
  }

  /// Copies `from`'s channels into those of `out` that start at `channel`.
  public func copyChannels(_ from: Tensor, into out: Tensor, at channel: Int) {
    let (inC, outC) = (from.shape.c, out.shape.c)
    precondition(from.shape.rows == out.shape.rows && channel + inC <= outC)
    perform(KernelOperation("copy of channels", from.shape, numbers: 2 * from.count)) { _ in
      for row in 0..<from.shape.rows {
        (out.pointer + row * outC + channel).update(from: from.pointer + row * inC, count: inC)
      }
    }
  }

  /// Copies channels of `from`, starting at `channel`, into all of `out`'s.
  public func extractChannels(_ from: Tensor, at channel: Int, into out: Tensor) {
    let (inC, outC) = (from.shape.c, out.shape.c)
    precondition(from.shape.rows == out.shape.rows && channel + outC <= inC)
    perform(KernelOperation("copy of channels", out.shape, numbers: 2 * out.count)) { _ in
      for row in 0..<from.shape.rows {
        (out.pointer + row * outC).update(from: from.pointer + row * inC + channel, count: outC)
      }
    }
  }
}
