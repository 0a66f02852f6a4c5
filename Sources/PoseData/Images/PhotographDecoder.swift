/// Decodes photographs, JPEG or PNG, upright as Exif says or as they are stored.
public enum PhotographDecoder {
  /// Reads and decodes a file.
  ///
  /// - Parameters:
  ///   - reduction: a JPEG may come at 1/2, 1/4 or 1/8 of its size, but not below 1/`reduction`.
  ///   - isTurned: whether Exif's orientation is followed.
  /// - Returns: the picture, and how much smaller it is: pixel i of a side is pixels k·i ..< k·(i+1) of the whole.
  public static func decode(
    file path: String, reduction: Int = 1, isTurned: Bool = true
  ) throws(DataError) -> (image: RGBImage, reduction: Int) {
    try decode(
      FileBytes.read(path, limit: JPEGDecoder.maximumFileBytes), name: path, reduction: reduction, isTurned: isTurned)
  }

  /// Decodes a file in memory; `name` is what an error calls it.
  public static func decode(
    _ bytes: [UInt8], name: String, reduction: Int = 1, isTurned: Bool = true
  ) throws(DataError) -> (image: RGBImage, reduction: Int) {
    guard !bytes.isEmpty else { throw DataError(name, "is empty") }
    if PNGDecoder.isPNG(bytes) { return (try PNGDecoder.decode(bytes, name: name), 1) }
    guard JPEGDecoder.isJPEG(bytes) else { throw DataError(name, "is neither a JPEG nor a PNG file") }
    let orientation = isTurned ? Orientation(jpeg: bytes) : Orientation(1)
    var most = reduction
    if orientation.value != 1 {
      // Seen from its other end, a side that is no multiple of k does not begin with a whole pixel.
      let size = try JPEGDecoder.size(bytes, name: name)
      most = [8, 4, 2].first { $0 <= most && size.width % $0 == 0 && size.height % $0 == 0 } ?? 1
    }
    let (image, reduction) = try JPEGDecoder.decode(bytes, name: name, reduction: most)
    return (orientation.upright(image), reduction)
  }

  /// Width and height of a file, upright or as it is stored, from its header.
  public static func size(file path: String, isTurned: Bool = true) throws(DataError) -> (width: Int, height: Int) {
    let bytes = try FileBytes.read(path, limit: JPEGDecoder.maximumFileBytes)
    if PNGDecoder.isPNG(bytes) { return try PNGDecoder.size(bytes, name: path) }
    let size = try JPEGDecoder.size(bytes, name: path)
    return isTurned && Orientation(jpeg: bytes).changesSides ? (size.height, size.width) : size
  }
}
