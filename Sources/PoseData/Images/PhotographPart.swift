/// Consecutive columns and rows of a picture.
public struct PixelRegion: Sendable, Equatable {
  public var columns: Range<Int>
  public var rows: Range<Int>

  public init(columns: Range<Int>, rows: Range<Int>) {
    self.columns = columns
    self.rows = rows
  }

  func contains(_ other: PixelRegion) -> Bool {
    columns.lowerBound <= other.columns.lowerBound && other.columns.upperBound <= columns.upperBound
      && rows.lowerBound <= other.rows.lowerBound && other.rows.upperBound <= rows.upperBound
  }
}

/// What of a photograph was decoded: as much as a crop needs, or all of it.
public struct PhotographPart: Sendable {
  public let image: RGBImage
  /// How much smaller the photograph is than it is stored: pixel i of a side is pixels k·i ..< k·(i+1) of that.
  public let reduction: Int
  /// Where in the reduced photograph the image lies.
  public let region: PixelRegion
  /// The whole reduced photograph's size.
  public let width: Int
  public let height: Int

  init(_ image: RGBImage, reduction: Int, region: PixelRegion, width: Int, height: Int) {
    precondition(image.width == region.columns.count && image.height == region.rows.count)
    self.image = image
    self.reduction = reduction
    self.region = region
    self.width = width
    self.height = height
  }

  /// The whole photograph.
  public init(_ image: RGBImage) {
    self.init(
      image, reduction: 1, region: PixelRegion(columns: 0..<image.width, rows: 0..<image.height), width: image.width,
      height: image.height)
  }

  /// Where in the image's bytes a region of the reduced photograph begins.
  func offset(of wanted: PixelRegion) -> Int {
    precondition(region.contains(wanted), "\(wanted) of a photograph of which \(region) is decoded")
    return
      ((wanted.rows.lowerBound - region.rows.lowerBound) * image.width + wanted.columns.lowerBound
      - region.columns.lowerBound) * 3
  }
}
