import CPNG

/// Decodes PNG files with libpng: grey, palette and colour of up to 8 bits; what is transparent is laid on black.
///
/// 16 bits a channel are refused, as a file need not say whether they are linear.
public enum PNGDecoder {
  private static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

  static func isPNG(_ bytes: [UInt8]) -> Bool { bytes.starts(with: signature) }

  /// Decodes a file in memory; `name` is what an error calls it.
  public static func decode(_ bytes: [UInt8], name: String) throws(DataError) -> RGBImage {
    let (width, height) = try size(bytes, name: name)
    var description = png_image()
    description.version = UInt32(PNG_IMAGE_VERSION)
    defer { png_image_free(&description) }
    var isRead = false
    // libpng keeps the file's address between its two calls.
    let pixels = bytes.withUnsafeBytes { file -> [UInt8] in
      guard png_image_begin_read_from_memory(&description, file.baseAddress, file.count) != 0,
        Int(description.width) == width, Int(description.height) == height
      else { return [] }
      description.format = UInt32(PNG_FORMAT_FLAG_COLOR)
      var black = png_color(red: 0, green: 0, blue: 0)
      return [UInt8](unsafeUninitializedCapacity: width * height * 3) { memory, count in
        isRead = png_image_finish_read(&description, &black, memory.baseAddress, 0, nil) != 0
        count = isRead ? memory.count : 0
      }
    }
    guard isRead else { throw DataError(name, "broken PNG: \(message(&description))") }
    return RGBImage(width: width, height: height, bytes: pixels)
  }

  /// Width and height, from the header, before any memory is taken.
  static func size(_ bytes: [UInt8], name: String) throws(DataError) -> (width: Int, height: Int) {
    guard bytes.count >= 33, bytes[12..<16].elementsEqual("IHDR".utf8) else {
      throw DataError(name, "broken PNG: no header")
    }
    func number(_ offset: Int) -> Int { bytes[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) } }
    let (width, height, depth) = (number(16), number(20), bytes[24])
    guard depth <= 8 else { throw DataError(name, "is a PNG of \(depth) bits a channel; convert it to 8") }
    guard width > 0, height > 0, width <= JPEGDecoder.maximumSide, height <= JPEGDecoder.maximumSide,
      width * height <= JPEGDecoder.maximumPixels
    else {
      throw DataError(
        name,
        "\(width)×\(height) pixels; at most \(JPEGDecoder.maximumSide) a side and \(JPEGDecoder.maximumPixels) in all are decoded"
      )
    }
    return (width, height)
  }

  private static func message(_ description: inout png_image) -> String {
    let text = withUnsafeBytes(of: &description.message) { text in
      String(decoding: text.prefix { $0 != 0 }, as: UTF8.self)
    }
    return text.isEmpty ? "unknown error" : text
  }
}
