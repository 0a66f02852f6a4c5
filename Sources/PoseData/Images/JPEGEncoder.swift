import CTurboJPEG

/// Encodes pictures as JPEG with libjpeg-turbo.
public enum JPEGEncoder {
  /// The file's bytes, colour subsampled 4:2:0 below quality 90 and not at all from there on.
  ///
  /// - Parameters:
  ///   - quality: 1 (smallest) to 100 (best).
  ///   - name: what an error calls the picture.
  public static func encode(_ image: RGBImage, quality: Int, name: String) throws(DataError) -> [UInt8] {
    precondition((1...100).contains(quality), "JPEG quality \(quality)")
    guard image.width > 0, image.height > 0, max(image.width, image.height) <= JPEGDecoder.maximumSide else {
      throw DataError(name, "a picture of \(image.width)×\(image.height) pixels cannot be a JPEG")
    }
    guard let handle = tjInitCompress() else { throw DataError(name, "libjpeg-turbo cannot start") }
    defer { tjDestroy(handle) }
    var memory: UnsafeMutablePointer<UInt8>?
    defer { tjFree(memory) }
    var size: UInt = 0
    let subsampling = quality < 90 ? TJSAMP_420 : TJSAMP_444
    let code = tjCompress2(
      handle, image.bytes, Int32(image.width), 0, Int32(image.height), Int32(TJPF_RGB.rawValue), &memory, &size,
      Int32(subsampling.rawValue), Int32(quality), TJFLAG_ACCURATEDCT)
    guard code == 0, let memory else {
      throw DataError(name, "cannot be encoded: \(tjGetErrorStr2(handle).map { String(cString: $0) } ?? "no reason")")
    }
    return [UInt8](UnsafeBufferPointer(start: memory, count: Int(size)))
  }

  /// Encodes a picture and writes it to a file.
  public static func write(_ image: RGBImage, to path: String, quality: Int) throws(DataError) {
    try FileBytes.write(encode(image, quality: quality, name: path), to: path)
  }
}
