import CPNG
import Platform

#if canImport(Glibc)
  import Glibc
#endif

/// Encodes pictures as PNG with libpng: 8-bit RGB, without loss.
public enum PNGWriter {
  /// The file's bytes; `name` is what an error calls the picture.
  public static func encode(_ image: RGBImage, name: String) throws(DataError) -> [UInt8] {
    guard image.width > 0, image.height > 0, image.width <= 1_000_000, image.height <= 1_000_000 else {
      throw DataError(name, "a picture of \(image.width)×\(image.height) pixels cannot be a PNG")
    }
    var memory: UnsafeMutablePointer<CChar>?
    var size = 0
    guard let stream = open_memstream(&memory, &size) else {
      throw DataError(name, "cannot be encoded: \(String(cString: strerror(errno)))")
    }
    defer { free(memory) }
    var description = png_image()
    description.version = UInt32(PNG_IMAGE_VERSION)
    description.width = UInt32(image.width)
    description.height = UInt32(image.height)
    description.format = UInt32(PNG_FORMAT_FLAG_COLOR)
    let written = png_image_write_to_stdio(&description, stream, 0, image.bytes, 0, nil)
    let closed = fclose(stream)
    guard written != 0, closed == 0, let memory else {
      throw DataError(name, "cannot be encoded: \(message(&description))")
    }
    return memory.withMemoryRebound(to: UInt8.self, capacity: size) {
      [UInt8](UnsafeBufferPointer(start: $0, count: size))
    }
  }

  /// Encodes a picture and writes it to a file.
  ///
  /// - Throws: `DataError` if there is no such PNG, `FileSystemError` if it cannot be written.
  public static func write(_ image: RGBImage, to path: String) throws {
    try FileSystem.write(encode(image, name: path), to: path, isDurable: false)
  }

  private static func message(_ description: inout png_image) -> String {
    withUnsafeBytes(of: &description.message) { text in
      String(decoding: text.prefix { $0 != 0 }, as: UTF8.self)
    }
  }
}
