import CTurboJPEG

/// Decodes JPEG files with libjpeg-turbo.
///
/// Greyscale becomes RGB. A file that is cut short, or that makes the library warn, is refused: a half-grey photograph
/// would train the network on nonsense in silence.
public enum JPEGDecoder {
  /// Longest side accepted, in pixels: the format's own limit in libjpeg-turbo.
  public static let maximumSide = 65_500
  /// Most pixels accepted: 400 million, which decode to 1.2 GB.
  public static let maximumPixels = 400_000_000
  /// Largest file accepted, in bytes.
  public static let maximumFileBytes = 512 << 20

  static func isJPEG(_ bytes: [UInt8]) -> Bool { bytes.starts(with: [0xff, 0xd8]) }

  /// Decodes a JPEG in memory as it is stored; `name` is what an error calls it.
  ///
  /// - Parameter reduction: most that the picture may be reduced by, inside the inverse transform, in powers of two to 8.
  public static func decode(
    _ bytes: [UInt8], name: String, reduction: Int = 1
  ) throws(DataError) -> (image: RGBImage, reduction: Int) {
    precondition(reduction >= 1, "a reduction by \(reduction)")
    let handle = try decompressor(name)
    defer { tjDestroy(handle) }
    let whole = try header(handle, bytes, name)
    let reduction = [8, 4, 2].first { $0 <= reduction } ?? 1
    let (width, height) = ((whole.width + reduction - 1) / reduction, (whole.height + reduction - 1) / reduction)
    var code: Int32 = 0
    // Uninitialised: a small file that claims a large picture must not touch the pages before it has been decoded.
    let pixels = [UInt8](unsafeUninitializedCapacity: width * height * 3) { memory, count in
      code = tjDecompress2(
        handle, bytes, UInt(bytes.count), memory.baseAddress, Int32(width), 0, Int32(height), Int32(TJPF_RGB.rawValue),
        TJFLAG_STOPONWARNING | TJFLAG_LIMITSCANS | TJFLAG_ACCURATEDCT)
      count = code == 0 ? memory.count : 0
    }
    guard code == 0 else { throw DataError(name, "broken JPEG: \(message(handle))") }
    return (RGBImage(width: width, height: height, bytes: pixels), reduction)
  }

  /// Width and height, from the header.
  static func size(_ bytes: [UInt8], name: String) throws(DataError) -> (width: Int, height: Int) {
    let handle = try decompressor(name)
    defer { tjDestroy(handle) }
    return try header(handle, bytes, name)
  }

  private static func decompressor(_ name: String) throws(DataError) -> tjhandle {
    guard let handle = tjInitDecompress() else {
      throw DataError(name, "libjpeg-turbo cannot start: \(message(nil))")
    }
    return handle
  }

  private static func header(
    _ handle: tjhandle, _ bytes: [UInt8], _ name: String
  ) throws(DataError) -> (width: Int, height: Int) {
    guard !bytes.isEmpty else { throw DataError(name, "is empty") }
    guard isJPEG(bytes) else { throw DataError(name, "is not a JPEG file") }
    var (width, height, subsampling, space): (Int32, Int32, Int32, Int32) = (0, 0, 0, -1)
    let code = tjDecompressHeader3(handle, bytes, UInt(bytes.count), &width, &height, &subsampling, &space)
    // The library also fails here on subsampling that it has no name for and yet can decode; then the size is set.
    guard code == 0 || (width > 0 && height > 0) else {
      throw DataError(name, "broken JPEG: \(message(handle))")
    }
    if space == Int32(TJCS_CMYK.rawValue) || space == Int32(TJCS_YCCK.rawValue) {
      throw DataError(name, "is a CMYK JPEG; convert it to RGB")
    }
    guard width > 0, height > 0, width <= maximumSide, height <= maximumSide,
      Int(width) * Int(height) <= maximumPixels
    else {
      throw DataError(
        name, "\(width)×\(height) pixels; at most \(maximumSide) a side and \(maximumPixels) in all are decoded")
    }
    return (Int(width), Int(height))
  }

  private static func message(_ handle: tjhandle?) -> String {
    tjGetErrorStr2(handle).map { String(cString: $0) } ?? "unknown error"
  }
}
