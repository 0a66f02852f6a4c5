import CKernels
import Tensors

/// Cuts a square out of a photograph, scaled, turned and mirrored, in one bilinear resampling.
///
/// Beyond the photograph's edge everything is black. Where the crop is f = 2 or more times finer than the input, the
/// part of the photograph that is needed is first averaged over f×f blocks, so that no detail is missed between the
/// samples; a block's centre keeps its place: block k stands for the point f·k + (f − 1)/2.
///
/// Keeps working memory between calls; one thread at a time uses a sampler.
public final class CropSampler {
  /// The blocks of a region with a black one all around, four numbers each.
  private var blocks: [Float] = []
  /// Sums of a block of this side fit 31 bits; no photograph that is decoded needs a larger one.
  private static let largestFactor = 2048.0

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
    let gains = [Float(gain.x), Float(gain.y), Float(gain.z), 0].map { $0 / 255 }
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
    blocks.withUnsafeBufferPointer { blocks in
      var picture = ck_picture(pixels: blocks.baseAddress, width: region.columns.count, height: region.rows.count)
      for row in 0..<resolution {
        let start = origin + alongColumn * Double(row)
        let line = ck_line(x: start.x, y: start.y, step_x: alongRow.x, step_y: alongRow.y)
        ck_resample_row(&picture, line, gains, resolution, output.pointer + row * resolution * 3)
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
    let rowLength = (region.columns.count + 2) * 4
    let needed = rowLength * (region.rows.count + 2)
    if blocks.count < needed { blocks = [Float](repeating: 0, count: needed) }
    let first = region.columns.lowerBound * factor
    let pixels = min(region.columns.upperBound * factor, image.width) - first
    image.bytes.withUnsafeBufferPointer { source in
      blocks.withUnsafeMutableBufferPointer { blocks in
        blocks[0..<rowLength].update(repeating: 0)
        blocks[needed - rowLength..<needed].update(repeating: 0)
        var target = blocks.baseAddress! + rowLength
        for blockRow in region.rows {
          let rows = blockRow * factor..<min((blockRow + 1) * factor, image.height)
          target.update(repeating: 0, count: 4)
          ck_block_means(
            source.baseAddress! + (rows.lowerBound * image.width + first) * 3, image.width * 3, rows.count, pixels,
            factor, target + 4)
          (target + rowLength - 4).update(repeating: 0, count: 4)
          target += rowLength
        }
      }
    }
  }
}
