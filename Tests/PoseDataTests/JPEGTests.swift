import Foundation
import PoseData
import Tensors
import Testing

@Suite struct JPEGTests {
  /// A smooth picture, which JPEG keeps well.
  static let picture: RGBImage = {
    var image = RGBImage(width: 37, height: 21, color: .black)
    for y in 0..<21 {
      for x in 0..<37 {
        image.bytes[(y * 37 + x) * 3] = UInt8(x * 6)
        image.bytes[(y * 37 + x) * 3 + 1] = UInt8(y * 12)
        image.bytes[(y * 37 + x) * 3 + 2] = UInt8(x + y + 100)
      }
    }
    return image
  }()

  @Test func whatIsWrittenIsReadBack() throws {
    try TestFolders.withTemporary { folder in
      let path = folder + "/picture.jpg"
      try JPEGEncoder.write(Self.picture, to: path, quality: 98)
      let read = try JPEGDecoder.decode(file: path)
      #expect(read.width == 37 && read.height == 21)
      #expect(try JPEGDecoder.size(file: path) == (37, 21))
      let worst = zip(read.bytes, Self.picture.bytes).map { abs(Int($0) - Int($1)) }.max()!
      #expect(worst <= 4)
    }
  }

  @Test func lowerQualityIsSmaller() throws {
    let sizes = try [20, 60, 95].map { try JPEGEncoder.encode(Self.picture, quality: $0, name: "picture").count }
    #expect(sizes[0] < sizes[1] && sizes[1] < sizes[2])
  }

  @Test func greyscaleBecomesRGB() throws {
    let image = try JPEGDecoder.decode(file: TestFolders.fixture("grey.jpg"))
    #expect(image.width == 16 && image.height == 8)
    for x in 0..<16 {
      let pixel = image.bytes[x * 3..<x * 3 + 3]
      #expect(Set(pixel).count == 1 && abs(Int(pixel.first!) - 16 * x) <= 2)
    }
  }

  @Test func cmykIsRefused() {
    let path = TestFolders.fixture("cmyk.jpg")
    let error = dataError { () throws(DataError) in _ = try JPEGDecoder.decode(file: path) }
    #expect(error?.place == path)
    #expect(error?.problem == "is a CMYK JPEG; convert it to RGB")
  }

  @Test func filesThatAreNoPicturesAreRefusedByName() throws {
    try TestFolders.withTemporary { folder in
      func problem(_ path: String) -> String? {
        let error = dataError { () throws(DataError) in _ = try JPEGDecoder.decode(file: path) }
        #expect(error?.place == path)
        return error?.problem
      }
      #expect(problem(folder + "/absent.jpg") == "cannot be opened: No such file or directory")
      #expect(problem(folder) == "is not a regular file")
      let path = folder + "/file.png"
      try PNGWriter.write(Self.picture, to: path)
      #expect(problem(path) == "is not a JPEG file")
      #expect(
        dataError { () throws(DataError) in _ = try JPEGDecoder.decode([], name: "nothing") }?.description
          == "nothing: is empty")
    }
  }

  @Test func everyCutIsRefused() throws {
    let bytes = try JPEGEncoder.encode(Self.picture, quality: 90, name: "picture")
    for length in 0..<bytes.count {
      let error = dataError { () throws(DataError) in
        _ = try JPEGDecoder.decode(Array(bytes[..<length]), name: "cut")
      }
      #expect(error != nil, "cut to \(length) of \(bytes.count) bytes")
    }
  }

  @Test func damageNeverCrashes() throws {
    let bytes = try JPEGEncoder.encode(Self.picture, quality: 90, name: "picture")
    var random = CounterRandom(seed: 1, purpose: "damage")
    var refused = 0
    for _ in 0..<2_000 {
      var damaged = bytes
      for _ in 0...random.integer(below: 4) {
        damaged[2 + random.integer(below: bytes.count - 2)] = UInt8(random.integer(below: 256))
      }
      // Dimensions are left small, so that the loop stays quick.
      let frame = damaged.firstIndex(after: [0xff, 0xc0])
      if let frame, frame + 7 < damaged.count { (damaged[frame + 3], damaged[frame + 5]) = (0, 0) }
      if dataError({ () throws(DataError) in _ = try JPEGDecoder.decode(damaged, name: "damaged") }) != nil {
        refused += 1
      }
    }
    #expect(refused > 200)
  }

  @Test func aHeaderThatClaimsTooMuchIsRefusedBeforeAllocating() throws {
    var bytes = try JPEGEncoder.encode(Self.picture, quality: 90, name: "picture")
    let frame = try #require(bytes.firstIndex(after: [0xff, 0xc0]))
    bytes.replaceSubrange(frame + 3..<frame + 7, with: [0xff, 0xdc, 0xff, 0xdc])
    let error = dataError { () throws(DataError) in _ = try JPEGDecoder.decode(bytes, name: "bomb") }
    #expect(error?.description.contains("65500×65500 pixels") == true)
    bytes.replaceSubrange(frame + 3..<frame + 7, with: [0x4e, 0x20, 0x4e, 0x20])
    let broken = dataError { () throws(DataError) in _ = try JPEGDecoder.decode(bytes, name: "hollow") }
    #expect(broken?.problem.hasPrefix("broken JPEG") == true)
  }

  @Test func writingWhereNothingCanBeWrittenFails() throws {
    let path = "/proc/no-such-folder/picture.jpg"
    let error = dataError { () throws(DataError) in try JPEGEncoder.write(Self.picture, to: path, quality: 80) }
    #expect(error?.place == path)
    try TestFolders.withTemporary { folder in
      // Through a link, so that code which removed what it could not write would remove only the link.
      let full = folder + "/full.png"
      try FileManager.default.createSymbolicLink(atPath: full, withDestinationPath: "/dev/full")
      let error = dataError { () throws(DataError) in try PNGWriter.write(Self.picture, to: full) }
      #expect(error == DataError(full, "cannot be written: No space left on device"))
      #expect(try FileManager.default.destinationOfSymbolicLink(atPath: full) == "/dev/full")
    }
  }
}

extension [UInt8] {
  /// Where the bytes after the first `marker` begin.
  func firstIndex(after marker: [UInt8]) -> Int? {
    indices.dropLast(marker.count).first { Array(self[$0..<$0 + marker.count]) == marker }.map { $0 + marker.count }
  }
}
