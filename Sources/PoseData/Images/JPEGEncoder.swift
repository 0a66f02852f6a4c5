import CJPEG
import Platform

#if canImport(Glibc)
  import Glibc
#endif

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
    var memory: UnsafeMutablePointer<UInt8>?
    defer { free(memory) }
    var count: UInt = 0
    let problem = JPEGMessage.of {
      cj_encode(
        image.bytes, Int32(image.width), Int32(image.height), Int32(quality), quality < 90 ? 1 : 0, &memory, &count, $0)
    }
    guard problem == nil, let memory else {
      throw DataError(name, "cannot be encoded: \(problem ?? "no reason")")
    }
    return [UInt8](UnsafeBufferPointer(start: memory, count: Int(count)))
  }

  /// Encodes a picture and writes it to a file.
  ///
  /// - Throws: `DataError` if there is no such JPEG, `FileSystemError` if it cannot be written.
  public static func write(_ image: RGBImage, to path: String, quality: Int) throws {
    try FileSystem.write(encode(image, quality: quality, name: path), to: path, isDurable: false)
  }
}
