import Tensors

/// Cuts a square out of a photograph, scaled, turned and mirrored, in one bilinear resampling.
///
/// Beyond the photograph's edge everything is black. Where the crop is f = 2 or more times finer than the input, the
/// part of the photograph that is needed is first averaged over f×f blocks, so that no detail is missed between the
/// samples; a block's centre keeps its place: block k stands for the point f·k + (f − 1)/2.
///
/// Keeps working memory between calls; one thread at a time uses a sampler.
public final class CropSampler {
  private var reduced: [Float] = []
  /// Sums of a block of this side fit 32 bits; no photograph that is decoded needs a larger one.
  private static let largestFactor = 4096.0

  public init() {}

  /// Writes one R×R×3 image, each channel its share of 0...1 times `gain`, clipped to 0...1.
  public func sample(
    _ image: RGBImage, _ transform: CropTransform, gain: SIMD3<Double> = .one, into output: Tensor
  ) {
    let resolution = transform.inputResolution
    precondition(output.shape == Shape(n: 1, h: resolution, w: resolution, c: 3), "an input of \(output.shape)")
    let factor = Int(max(1, min(Self.largestFactor, transform.pixelsPerInputPixel.rounded(.down))))
    guard let region = neededBlocks(image, transform, factor) else {
      output.values.update(repeating: 0)
      return
    }
    reduce(image, region, factor)
    let gains = SIMD4(Float(gain.x), Float(gain.y), Float(gain.z), 0) / 255
    let width = region.columns.count
    let height = region.rows.count
    // The map from output to reduced pixels is affine: its origin and its two steps say it all.
    func place(_ x: Double, _ y: Double) -> SIMD2<Double> {
      let point = transform.image(inputX: x, inputY: y)
      let offset = Double(factor - 1) / 2
      return SIMD2(
        (point.x - offset) / Double(factor) - Double(region.columns.lowerBound),
        (point.y - offset) / Double(factor) - Double(region.rows.lowerBound))
    }
    let origin = place(0, 0)
    let alongRow = place(1, 0) - origin
    let alongColumn = place(0, 1) - origin
    reduced.withUnsafeBufferPointer { source in
      func pixel(_ x: Int, _ y: Int) -> SIMD4<Float> {
        guard x >= 0, y >= 0, x < width, y < height else { return .zero }
        let start = (y * width + x) * 3
        return SIMD4(source[start], source[start + 1], source[start + 2], 0)
      }
      for row in 0..<resolution {
        let start = origin + alongColumn * Double(row)
        for column in 0..<resolution {
          let point = start + alongRow * Double(column)
          let corner = point.rounded(.down)
          let index = row * resolution + column
          var color = SIMD4<Float>.zero
          // Written so that nothing outside the region is ever turned into an integer.
          if corner.x >= -1, corner.y >= -1, corner.x < Double(width), corner.y < Double(height) {
            let (x, y) = (Int(corner.x), Int(corner.y))
            let (fx, fy) = (Float(point.x - corner.x), Float(point.y - corner.y))
            let upper = pixel(x, y) * (1 - fx) + pixel(x + 1, y) * fx
            let lower = pixel(x, y + 1) * (1 - fx) + pixel(x + 1, y + 1) * fx
            color = ((upper * (1 - fy) + lower * fy) * gains).clamped(lowerBound: .zero, upperBound: .one)
          }
          output.pointer[index * 3] = Real(color.x)
          output.pointer[index * 3 + 1] = Real(color.y)
          output.pointer[index * 3 + 2] = Real(color.z)
        }
      }
    }
  }

  private struct Region {
    let columns: Range<Int>
    let rows: Range<Int>
  }

  /// The blocks that bilinear samples of the whole output can touch; none where the crop misses the photograph.
  private func neededBlocks(_ image: RGBImage, _ transform: CropTransform, _ factor: Int) -> Region? {
    let last = Double(transform.inputResolution - 1)
    let corners = [(0, 0), (last, 0), (0, last), (last, last)].map { transform.image(inputX: $0.0, inputY: $0.1) }
    func blocks(_ values: [Double], _ extent: Int) -> Range<Int>? {
      let count = (extent + factor - 1) / factor
      // Two blocks more on each side than bilinear interpolation needs.
      let lower = values.min()! / Double(factor) - 2
      let upper = values.max()! / Double(factor) + 3
      guard lower < Double(count), upper > 0 else { return nil }
      return Int(max(0, lower.rounded(.down)))..<Int(min(Double(count), upper.rounded(.up)))
    }
    guard let columns = blocks(corners.map(\.x), image.width), let rows = blocks(corners.map(\.y), image.height),
      !columns.isEmpty, !rows.isEmpty
    else { return nil }
    return Region(columns: columns, rows: rows)
  }

  /// Averages the blocks of a region; what a block lacks beyond the photograph's edge counts as black.
  private func reduce(_ image: RGBImage, _ region: Region, _ factor: Int) {
    let needed = region.columns.count * region.rows.count * 3
    if reduced.count < needed { reduced = [Float](repeating: 0, count: needed) }
    let share = 1 / Float(factor * factor)
    image.bytes.withUnsafeBufferPointer { source in
      reduced.withUnsafeMutableBufferPointer { target in
        var index = 0
        for blockRow in region.rows {
          let rows = blockRow * factor..<min((blockRow + 1) * factor, image.height)
          for blockColumn in region.columns {
            let columns = blockColumn * factor..<min((blockColumn + 1) * factor, image.width)
            var sum = SIMD3<UInt32>.zero
            for row in rows {
              for column in columns {
                let start = (row * image.width + column) * 3
                sum &+= SIMD3(UInt32(source[start]), UInt32(source[start + 1]), UInt32(source[start + 2]))
              }
            }
            target[index] = Float(sum.x) * share
            target[index + 1] = Float(sum.y) * share
            target[index + 2] = Float(sum.z) * share
            index += 3
          }
        }
      }
    }
  }
}
