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

  public init() {}

  /// Writes one R×R×3 image, each channel its share of 0...1 times `gain`, clipped to 0...1.
  ///
  /// - Parameters:
  ///   - part: what was decoded of the photograph: the whole, or what this crop needs.
  ///   - transform: from the photograph as it is stored.
  public func sample(
    _ part: PhotographPart, _ transform: CropTransform, gain: SIMD3<Double> = .one, into output: Tensor
  ) {
    let transform = transform.reduced(by: part.reduction)
    let resolution = transform.inputResolution
    precondition(output.shape == Shape(n: 1, h: resolution, w: resolution, c: 3), "an input of \(output.shape)")
    let factor = transform.blockSide
    guard let region = transform.neededBlocks(width: part.width, height: part.height),
      let pixels = transform.neededRegion(width: part.width, height: part.height)
    else {
      output.values.update(repeating: 0)
      return
    }
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
    func rows(_ body: (ck_line, UnsafeMutablePointer<Real>) -> Void) {
      for row in 0..<resolution {
        let start = origin + alongColumn * Double(row)
        body(
          ck_line(x: start.x, y: start.y, step_x: alongRow.x, step_y: alongRow.y), output.pointer + row * resolution * 3
        )
      }
    }
    if factor == 1 {
      part.image.bytes.withUnsafeBufferPointer { bytes in
        var photograph = ck_photograph(
          rgb: bytes.baseAddress! + part.offset(of: pixels), end: bytes.baseAddress! + bytes.count,
          row_bytes: part.image.width * 3, width: pixels.columns.count, height: pixels.rows.count)
        rows { ck_resample_photograph_row(&photograph, $0, gains, resolution, $1) }
      }
    } else {
      reduce(part, region, pixels, factor)
      blocks.withUnsafeBufferPointer { blocks in
        var picture = ck_picture(pixels: blocks.baseAddress, width: region.columns.count, height: region.rows.count)
        rows { ck_resample_row(&picture, $0, gains, resolution, $1) }
      }
    }
  }

  /// Averages the blocks of a region; what a block lacks beyond the photograph's edge counts as black.
  private func reduce(_ part: PhotographPart, _ region: PixelRegion, _ pixels: PixelRegion, _ factor: Int) {
    let rowLength = (region.columns.count + 2) * 4
    let needed = rowLength * (region.rows.count + 2)
    if blocks.count < needed { blocks = [Float](repeating: 0, count: needed) }
    let width = part.image.width
    part.image.bytes.withUnsafeBufferPointer { source in
      blocks.withUnsafeMutableBufferPointer { blocks in
        blocks[0..<rowLength].update(repeating: 0)
        blocks[needed - rowLength..<needed].update(repeating: 0)
        var target = blocks.baseAddress! + rowLength
        for first in stride(from: pixels.rows.lowerBound, to: pixels.rows.upperBound, by: factor) {
          let rows = min(first + factor, pixels.rows.upperBound) - first
          target.update(repeating: 0, count: 4)
          ck_block_means(
            source.baseAddress! + part.offset(of: pixels) + (first - pixels.rows.lowerBound) * width * 3, width * 3,
            rows,
            pixels.columns.count, factor, target + 4)
          (target + rowLength - 4).update(repeating: 0, count: 4)
          target += rowLength
        }
      }
    }
  }
}
