import Platform

/// Decodes photographs, JPEG or PNG, upright as Exif says or as they are stored.
public enum PhotographDecoder {
  /// Reads and decodes a whole file.
  ///
  /// - Parameter isTurned: whether Exif's orientation is followed.
  public static func decode(file path: String, isTurned: Bool = true) throws(DataError) -> RGBImage {
    try decode(bytes(of: path), name: path, isTurned: isTurned)
  }

  /// Decodes a whole file in memory; `name` is what an error calls it.
  public static func decode(_ bytes: [UInt8], name: String, isTurned: Bool = true) throws(DataError) -> RGBImage {
    try decode(bytes, name: name, for: nil, isTurned: isTurned).image
  }

  /// Reads a file and decodes what a crop needs of it: of a JPEG no more than that, at 1/2, 1/4 or 1/8 of its size where
  /// the input is as much coarser.
  public static func decode(
    file path: String, for crop: CropTransform, isTurned: Bool = true
  ) throws(DataError) -> PhotographPart {
    try decode(bytes(of: path), name: path, for: crop, isTurned: isTurned)
  }

  /// The same of a file in memory; the whole where no crop is given.
  public static func decode(
    _ bytes: [UInt8], name: String, for crop: CropTransform?, isTurned: Bool = true
  ) throws(DataError) -> PhotographPart {
    guard !bytes.isEmpty else { throw DataError(name, "is empty") }
    if PNGDecoder.isPNG(bytes) { return PhotographPart(try PNGDecoder.decode(bytes, name: name)) }
    guard JPEGDecoder.isJPEG(bytes) else { throw DataError(name, "is neither a JPEG nor a PNG file") }
    let orientation = isTurned ? Orientation(jpeg: bytes) : Orientation(1)
    let size = try JPEGDecoder.size(bytes, name: name)
    let reduction = JPEGDecoder.reductions.first { reduction in
      // Seen from its other end, a side that is no multiple of k does not begin with a whole pixel.
      Double(reduction) <= max(1, crop?.pixelsPerInputPixel ?? 1)
        && (orientation.value == 1 || (size.width % reduction == 0 && size.height % reduction == 0))
    }!
    let stored = (width: (size.width + reduction - 1) / reduction, height: (size.height + reduction - 1) / reduction)
    let upright = orientation.changesSides ? (width: stored.height, height: stored.width) : stored
    var region = PixelRegion(columns: 0..<upright.width, rows: 0..<upright.height)
    if let crop {
      // A crop that misses the photograph needs nothing; that the file is sound is seen from any pixel.
      region =
        crop.reduced(by: reduction).neededRegion(width: upright.width, height: upright.height)
        ?? PixelRegion(columns: 0..<1, rows: 0..<1)
    }
    let image = try JPEGDecoder.decode(
      bytes, reduction: reduction, orientation.stored(region, width: stored.width, height: stored.height), name: name)
    return PhotographPart(
      orientation.upright(image), reduction: reduction, region: region, width: upright.width, height: upright.height)
  }

  /// Width and height of a file, upright or as it is stored, from its header.
  public static func size(file path: String, isTurned: Bool = true) throws(DataError) -> (width: Int, height: Int) {
    let bytes = try bytes(of: path)
    if PNGDecoder.isPNG(bytes) { return try PNGDecoder.size(bytes, name: path) }
    let size = try JPEGDecoder.size(bytes, name: path)
    return isTurned && Orientation(jpeg: bytes).changesSides ? (size.height, size.width) : size
  }

  private static func bytes(of path: String) throws(DataError) -> [UInt8] {
    try InputFile<DataError>(path).readAll(limit: JPEGDecoder.maximumFileBytes)
  }
}
