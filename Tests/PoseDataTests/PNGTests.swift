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

  /// Pillow's files and numbers (Fixtures/make_fixtures.py).
  @Test func everyKindOfPNGIsReadAsColour() throws {
    func pixels(_ name: String) throws -> [UInt8] {
      let image = try PhotographDecoder.decode(file: TestFolders.fixture(name))
      #expect(image.width == 4 && image.height == 2)
      return image.bytes
    }
    let grey: [UInt8] = [0, 50, 100, 255, 10, 20, 30, 40]
    #expect(try pixels("grey.png") == grey.flatMap { [$0, $0, $0] })
    #expect(try pixels("bits.png") == grey.flatMap { Array(repeating: $0 > 45 ? 255 : 0, count: 3) })
    let colours = grey.flatMap { [$0, $0 / 2, 255 - $0] }
    #expect(zip(try pixels("palette.png"), colours).allSatisfy { abs(Int($0) - Int($1)) <= 2 })
    // A fifth of the colour on black, mixed in linear light.
    let clear = try pixels("clear.png")
    #expect(clear[0] == 0 && clear[9] > 255 / 5 && clear[9] < 130)
    #expect(try PhotographDecoder.size(file: TestFolders.fixture("grey.png")) == (4, 2))
    let deep = dataError { () throws(DataError) in
      _ = try PhotographDecoder.decode(file: TestFolders.fixture("deep.png"))
    }
    #expect(deep?.problem == "is a PNG of 16 bits a channel; convert it to 8")
  }

  @Test func everyCutAndMostDamageIsRefused() throws {
    let bytes = try PNGWriter.encode(JPEGTests.picture, name: "picture")
    for length in 0..<bytes.count {
      let error = dataError { () throws(DataError) in
        _ = try PhotographDecoder.decode(Array(bytes[..<length]), name: "cut")
      }
      // Without its last mark the picture is whole.
      #expect(error != nil || length >= bytes.count - 12, "cut to \(length) of \(bytes.count) bytes")
    }
    for place in bytes.indices {
      var damaged = bytes
      damaged[place] ^= 0x40
      let image = try? PhotographDecoder.decode(damaged, name: "damaged")
      // What is in no sum that libpng checks are the names of parts it may pass over, and the last mark.
      #expect(image == nil || image == JPEGTests.picture, "byte \(place)")
    }
  }

  @Test func aHeaderThatClaimsTooMuchIsRefusedBeforeAllocating() throws {
    var bytes = try PNGWriter.encode(JPEGTests.picture, name: "picture")
    bytes.replaceSubrange(16..<24, with: [0, 0, 0xff, 0xdc, 0, 0, 0xff, 0xdc])
    let error = dataError { () throws(DataError) in _ = try PhotographDecoder.decode(bytes, name: "bomb") }
    #expect(error?.description.contains("65500×65500 pixels") == true)
  }
}
