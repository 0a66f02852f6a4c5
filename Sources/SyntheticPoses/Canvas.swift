/// A picture being painted, in rows from top to bottom, a pixel's centre at whole numbers.
struct Canvas: ~Copyable {
  let width: Int
  let height: Int
  let pixels: UnsafeMutablePointer<CanvasColor>

  init(width: Int, height: Int) {
    self.width = width
    self.height = height
    pixels = .allocate(capacity: width * height)
    pixels.initialize(repeating: .zero, count: width * height)
  }

  deinit {
    pixels.deallocate()
  }

  /// The rows or columns whose pixels an extent from `low` to `high` can touch.
  static func touched(_ low: Float, _ high: Float, below bound: Int) -> Range<Int> {
    let limit = Float(bound)
    let first = Int(min(max((low - 0.5).rounded(.up), 0), limit))
    let last = Int(min(max((high + 0.5).rounded(.down) + 1, 0), limit))
    return first..<max(first, last)
  }

  /// Paints a shape, each pixel by the share of it that the shape covers.
  func draw(_ shape: CanvasShape) {
    let extent = shape.extent
    let columns = Self.touched(shape.centre.x - extent.x, shape.centre.x + extent.x, below: width)
    for row in Self.touched(shape.centre.y - extent.y, shape.centre.y + extent.y, below: height) {
      let line = pixels + row * width
      for column in columns {
        let local = shape.local(Float(column), Float(row))
        let coverage = shape.coverage(local)
        if coverage > 0 { line[column] = line[column].mixed(with: shape.color(local), coverage) }
      }
    }
  }

  /// Smooths with the kernel (w, 1 − 2w, w) along rows and along columns; the border repeats.
  func blur(_ w: Float) {
    let rest = 1 - 2 * w
    for row in 0..<height {
      let line = pixels + row * width
      var before = line[0]
      for column in 0..<width {
        let here = line[column]
        line[column] = here * rest + (before + line[min(column + 1, width - 1)]) * w
        before = here
      }
    }
    withUnsafeTemporaryAllocation(of: CanvasColor.self, capacity: width) { above in
      _ = above.initialize(fromContentsOf: UnsafeBufferPointer(start: pixels, count: width))
      for row in 0..<height {
        let line = pixels + row * width
        let below = pixels + min(row + 1, height - 1) * width
        for column in 0..<width {
          let here = line[column]
          line[column] = here * rest + (above[column] + below[column]) * w
          above[column] = here
        }
      }
    }
  }
}
