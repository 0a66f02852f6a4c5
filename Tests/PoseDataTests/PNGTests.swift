import CPNG
import PoseData
import Testing

@Suite struct PNGTests {
  @Test func everyPixelIsKept() throws {
    let picture = JPEGTests.picture
    let bytes = try PNGWriter.encode(picture, name: "picture")
    var description = png_image()
    description.version = UInt32(PNG_IMAGE_VERSION)
    var read = [UInt8](repeating: 0, count: picture.bytes.count)
    // libpng keeps the address between its two calls.
    bytes.withUnsafeBytes { memory in
      #expect(png_image_begin_read_from_memory(&description, memory.baseAddress, memory.count) != 0)
      #expect(description.width == 37 && description.height == 21)
      #expect(description.format == UInt32(PNG_FORMAT_FLAG_COLOR))
      #expect(png_image_finish_read(&description, nil, &read, 0, nil) != 0)
    }
    #expect(read == picture.bytes)
  }

  @Test func anEmptyPictureIsRefused() {
    let empty = RGBImage(width: 0, height: 4, bytes: [])
    #expect(dataError { () throws(DataError) in _ = try PNGWriter.encode(empty, name: "empty") } != nil)
    #expect(dataError { () throws(DataError) in _ = try JPEGEncoder.encode(empty, quality: 80, name: "empty") } != nil)
  }
}
