/// What of a photograph a crop is made from. Where the crop is f = 2 or more times finer than the input, f×f blocks of
/// pixels are averaged first; blocks are counted from the photograph's corner.
extension CropTransform {
  /// Sums of a block of this side fit 31 bits; no photograph that is decoded needs a larger one.
  private static let largestFactor = 2048.0

  /// f, the side of a block.
  var blockSide: Int { Int(max(1, min(Self.largestFactor, pixelsPerInputPixel.rounded(.down)))) }

  /// The blocks that bilinear samples of the whole output can touch, of a photograph of this size; nil where the crop
  /// misses it.
  func neededBlocks(width: Int, height: Int) -> PixelRegion? {
    let (side, last) = (blockSide, Double(inputResolution - 1))
    let corners = [(0, 0), (last, 0), (0, last), (last, last)].map { image(inputX: $0.0, inputY: $0.1) }
    func blocks(_ values: [Double], _ extent: Int) -> Range<Int>? {
      let count = (extent + side - 1) / side
      // Two blocks more on each side than bilinear interpolation needs.
      let lower = values.min()! / Double(side) - 2
      let upper = values.max()! / Double(side) + 3
      guard lower < Double(count), upper > 0 else { return nil }
      return Int(max(0, lower.rounded(.down)))..<Int(min(Double(count), upper.rounded(.up)))
    }
    guard let columns = blocks(corners.map(\.x), width), let rows = blocks(corners.map(\.y), height),
      !columns.isEmpty, !rows.isEmpty
    else { return nil }
    return PixelRegion(columns: columns, rows: rows)
  }

  /// The pixels of those blocks.
  func neededRegion(width: Int, height: Int) -> PixelRegion? {
    guard let blocks = neededBlocks(width: width, height: height) else { return nil }
    func pixels(_ blocks: Range<Int>, _ extent: Int) -> Range<Int> {
      blocks.lowerBound * blockSide..<min(blocks.upperBound * blockSide, extent)
    }
    return PixelRegion(columns: pixels(blocks.columns, width), rows: pixels(blocks.rows, height))
  }
}
