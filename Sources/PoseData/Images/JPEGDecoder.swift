import CJPEG

/// Decodes JPEG files with libjpeg-turbo.
///
/// Greyscale becomes RGB. A file that makes the library warn before the last wanted pixel is decoded, as one that is cut
/// short, is refused: a half-grey photograph would train the network on nonsense in silence.
enum JPEGDecoder {
  /// Longest side accepted, in pixels: the format's own limit in libjpeg-turbo.
  static let maximumSide = 65_500
  /// Most pixels accepted: 400 million, which decode to 1.2 GB.
  static let maximumPixels = 400_000_000
  /// Largest file accepted, in bytes.
  static let maximumFileBytes = 512 << 20
  /// What a picture can be reduced by, inside the inverse transform.
  static let reductions = [8, 4, 2, 1]

  static func isJPEG(_ bytes: [UInt8]) -> Bool { bytes.starts(with: [0xff, 0xd8]) }

  /// Decodes a part of a JPEG in memory as it is stored.
  ///
  /// - Parameters:
  ///   - region: of the picture reduced by `reduction`, one of `reductions`; it lies within that and is not empty.
  ///   - name: what an error calls the file.
  static func decode(
    _ bytes: [UInt8], reduction: Int, _ region: PixelRegion, name: String
  ) throws(DataError) -> RGBImage {
    let (width, height) = (region.columns.count, region.rows.count)
    let part = cj_region(
      denominator: Int32(reduction), left: Int32(region.columns.lowerBound), top: Int32(region.rows.lowerBound),
      width: Int32(width), height: Int32(height))
    var problem: String?
    // Uninitialised: a small file that claims a large picture must not touch the pages before it has been decoded.
    let pixels = [UInt8](unsafeUninitializedCapacity: width * height * 3) { memory, count in
      problem = bytes.withUnsafeBufferPointer { file in
        JPEGMessage.of { cj_decode(cj_file(bytes: file.baseAddress, count: file.count), part, memory.baseAddress, $0) }
      }
      count = problem == nil ? width * height * 3 : 0
    }
    if let problem { throw DataError(name, "broken JPEG: \(problem)") }
    return RGBImage(width: width, height: height, bytes: pixels)
  }

  /// Width and height, from the header.
  static func size(_ bytes: [UInt8], name: String) throws(DataError) -> (width: Int, height: Int) {
    guard isJPEG(bytes) else { throw DataError(name, "is not a JPEG file") }
    var header = cj_header()
    let problem = bytes.withUnsafeBufferPointer { file in
      JPEGMessage.of { cj_read_header(cj_file(bytes: file.baseAddress, count: file.count), &header, $0) }
    }
    if let problem { throw DataError(name, "broken JPEG: \(problem)") }
    guard header.is_cmyk == 0 else { throw DataError(name, "is a CMYK JPEG; convert it to RGB") }
    let (width, height) = (Int(header.width), Int(header.height))
    guard width > 0, height > 0, width <= maximumSide, height <= maximumSide, width * height <= maximumPixels else {
      throw DataError(
        name, "\(width)×\(height) pixels; at most \(maximumSide) a side and \(maximumPixels) in all are decoded")
    }
    return (width, height)
  }
}

enum JPEGMessage {
  /// What libjpeg-turbo says where `call` fails; nil where it does not.
  static func of(_ call: (UnsafeMutablePointer<CChar>?) -> Int32) -> String? {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(CJ_MESSAGE_BYTES)) { message in
      message[0] = 0
      return call(message.baseAddress) == 0 ? nil : String(cString: message.baseAddress!)
    }
  }
}
