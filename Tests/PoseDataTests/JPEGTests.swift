import Foundation
import Platform
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
      let read = try PhotographDecoder.decode(file: path)
      #expect(read.width == 37 && read.height == 21)
      #expect(try PhotographDecoder.size(file: path) == (37, 21))
      let worst = zip(read.bytes, Self.picture.bytes).map { abs(Int($0) - Int($1)) }.max()!
      #expect(worst <= 4)
    }
  }

  @Test func lowerQualityIsSmaller() throws {
    let sizes = try [20, 60, 95].map { try JPEGEncoder.encode(Self.picture, quality: $0, name: "picture").count }
    #expect(sizes[0] < sizes[1] && sizes[1] < sizes[2])
  }

  @Test func greyscaleBecomesRGB() throws {
    let image = try PhotographDecoder.decode(file: TestFolders.fixture("grey.jpg"))
    #expect(image.width == 16 && image.height == 8)
    for x in 0..<16 {
      let pixel = image.bytes[x * 3..<x * 3 + 3]
      #expect(Set(pixel).count == 1 && abs(Int(pixel.first!) - 16 * x) <= 2)
    }
  }

  /// A crop that reaches beyond a picture on every side, `pixels` of it to one of the input.
  private static func everything(of pixels: Int) -> CropTransform {
    CropTransform(centerX: 30, centerY: 30, side: 400 * Double(pixels), inputResolution: 400)
  }

  /// At 1/k each pixel is about the mean of k×k.
  @Test(arguments: [(1, 1), (2, 2), (3, 2), (4, 4), (7, 4), (8, 8), (100, 8)])
  func aReducedPictureIsOfMeans(_ most: Int, _ expected: Int) throws {
    let bytes = try JPEGEncoder.encode(Self.picture, quality: 98, name: "picture")
    let part = try PhotographDecoder.decode(bytes, name: "picture", for: Self.everything(of: most))
    let image = part.image
    #expect(part.reduction == expected && image.width == (37 + expected - 1) / expected && part.width == image.width)
    #expect(image.height == (21 + expected - 1) / expected)
    for row in 0..<21 / expected {
      for column in 0..<37 / expected {
        for channel in 0..<3 {
          var sum = 0
          for y in row * expected..<(row + 1) * expected {
            for x in column * expected..<(column + 1) * expected {
              sum += Int(Self.picture.bytes[(y * 37 + x) * 3 + channel])
            }
          }
          let value = Int(image.bytes[(row * image.width + column) * 3 + channel])
          #expect(abs(value - sum / (expected * expected)) <= 5, "(\(column), \(row)), channel \(channel)")
        }
      }
    }
  }

  /// However a camera was held, the picture and its size are upright.
  @Test(arguments: 1...8)
  func picturesAreUpright(_ orientation: Int) throws {
    let upright = try PhotographDecoder.decode(file: TestFolders.fixture("upright.png"))
    let path = TestFolders.fixture("turned-\(orientation).jpg")
    let image = try PhotographDecoder.decode(file: path)
    #expect(try PhotographDecoder.size(file: path) == (24, 16))
    try #require(image.width == 24 && image.height == 16)
    #expect(zip(image.bytes, upright.bytes).allSatisfy { abs(Int($0) - Int($1)) <= 8 })
    let part = try PhotographDecoder.decode(file: path, for: Self.everything(of: 2))
    let half = part.image
    try #require(part.reduction == 2 && half.width == 12 && half.height == 8)
    for (column, row) in [(1, 1), (10, 2), (2, 6), (10, 6)] {
      let (pixel, whole) = ((row * 12 + column) * 3, (2 * row * 24 + 2 * column) * 3)
      for channel in 0..<3 {
        #expect(abs(Int(half.bytes[pixel + channel]) - Int(upright.bytes[whole + channel])) <= 14)
      }
    }
    // 24 and 16 are multiples of 8, a side of 12 would not be.
    #expect(try PhotographDecoder.decode(file: path, for: Self.everything(of: 8)).reduction == 8)
  }

  /// However colours and scans are stored and a camera was held, a part has the pixels of the whole, and a crop made from
  /// it is the crop made from the whole, to the bit.
  @Test(
    arguments: ["444", "422", "420", "440", "411", "grey", "progressive", "restarts"].map { "part-\($0).jpg" }
      + (2...8).map { "part-turned-\($0).jpg" })
  func aPartIsAPartOfTheWhole(_ name: String) throws {
    let path = TestFolders.fixture(name)
    var random = CounterRandom(seed: 5, purpose: "crops")
    var (partial, reduced) = (0, 0)
    for _ in 0..<60 {
      let pixels = [0.3, 0.9, 1.2, 2.3, 3.1, 4.5][random.integer(below: 6)]
      let resolution = 4 * (1 + random.integer(below: 8))
      func crop(of pixels: Double) -> CropTransform {
        CropTransform(
          centerX: Double(random.integer(below: 200)) - 20, centerY: Double(random.integer(below: 160)) - 20,
          side: pixels * Double(resolution), inputResolution: resolution,
          rotation: random.integer(below: 2) == 0 ? 0 : 0.7)
      }
      let transform = crop(of: pixels)
      let part = try PhotographDecoder.decode(file: path, for: transform)
      let whole = try PhotographDecoder.decode(
        file: path, for: CropTransform(centerX: 80, centerY: 60, side: pixels * 800, inputResolution: 800))
      try #require(whole.reduction == part.reduction && whole.image.width == part.width)
      if part.image.width < whole.image.width && part.image.height < whole.image.height { partial += 1 }
      if part.reduction > 1 { reduced += 1 }
      for (row, line) in part.region.rows.enumerated() {
        let first = (line * whole.image.width + part.region.columns.lowerBound) * 3
        let own = row * part.image.width * 3
        #expect(
          part.image.bytes[own..<own + part.image.width * 3]
            .elementsEqual(whole.image.bytes[first..<first + part.image.width * 3]),
          "\(part.region) at 1/\(part.reduction), row \(line)")
      }
      func input(_ part: PhotographPart) -> [Real] {
        let memory = Buffer<Real>(count: resolution * resolution * 3)
        CropSampler().sample(
          part, transform, into: Tensor(memory.pointer, Shape(n: 1, h: resolution, w: resolution, c: 3)))
        return Array(memory.values)
      }
      #expect(input(part) == input(whole))
    }
    #expect(partial > 20 && reduced > 10)
  }

  @Test func anOrientationThatMakesNoSenseIsNone() throws {
    var bytes = try [UInt8](Data(contentsOf: URL(fileURLWithPath: TestFolders.fixture("turned-6.jpg"))))
    let exif = try #require(bytes.firstIndex(after: Array("Exif".utf8)))
    let whole = try PhotographDecoder.decode(bytes, name: "turned")
    #expect(whole.width == 24)
    // Every byte of the tags in turn: the picture is upright, as it is stored, or in some other way whole.
    for place in exif + 2..<exif + 40 {
      for value: UInt8 in [0, 9, 0x7F, 0xFF] {
        var damaged = bytes
        damaged[place] = value
        let image = try PhotographDecoder.decode(damaged, name: "damaged")
        #expect([image.width, image.height].sorted() == [16, 24])
      }
    }
    bytes[exif] = 1
    #expect(try PhotographDecoder.decode(bytes, name: "no TIFF").width == 16)
  }

  @Test func cmykIsRefused() {
    let path = TestFolders.fixture("cmyk.jpg")
    let error = dataError { () throws(DataError) in _ = try PhotographDecoder.decode(file: path) }
    #expect(error?.place == path)
    #expect(error?.problem == "is a CMYK JPEG; convert it to RGB")
  }

  @Test func filesThatAreNoPicturesAreRefusedByName() throws {
    try TestFolders.withTemporary { folder in
      func problem(_ path: String) -> String? {
        let error = dataError { () throws(DataError) in _ = try PhotographDecoder.decode(file: path) }
        #expect(error?.place == path)
        return error?.problem
      }
      #expect(problem(folder + "/absent.jpg") == "cannot be opened: No such file or directory")
      #expect(problem(folder) == "is not a regular file")
      let path = folder + "/file.jpg"
      try Data("text".utf8).write(to: URL(fileURLWithPath: path))
      #expect(problem(path) == "is neither a JPEG nor a PNG file")
      #expect(
        dataError { () throws(DataError) in _ = try PhotographDecoder.decode([], name: "nothing") }?.description
          == "nothing: is empty")
    }
  }

  @Test func everyCutIsRefused() throws {
    let bytes = try JPEGEncoder.encode(Self.picture, quality: 90, name: "picture")
    for length in 0..<bytes.count {
      let error = dataError { () throws(DataError) in
        _ = try PhotographDecoder.decode(Array(bytes[..<length]), name: "cut")
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
      if dataError({ () throws(DataError) in _ = try PhotographDecoder.decode(damaged, name: "damaged") }) != nil {
        refused += 1
      }
    }
    #expect(refused > 200)
  }

  @Test func aHeaderThatClaimsTooMuchIsRefusedBeforeAllocating() throws {
    var bytes = try JPEGEncoder.encode(Self.picture, quality: 90, name: "picture")
    let frame = try #require(bytes.firstIndex(after: [0xff, 0xc0]))
    bytes.replaceSubrange(frame + 3..<frame + 7, with: [0xff, 0xdc, 0xff, 0xdc])
    let error = dataError { () throws(DataError) in _ = try PhotographDecoder.decode(bytes, name: "bomb") }
    #expect(error?.description.contains("65500×65500 pixels") == true)
    bytes.replaceSubrange(frame + 3..<frame + 7, with: [0x4e, 0x20, 0x4e, 0x20])
    let broken = dataError { () throws(DataError) in _ = try PhotographDecoder.decode(bytes, name: "hollow") }
    #expect(broken?.problem.hasPrefix("broken JPEG") == true)
  }

  @Test func writingWhereNothingCanBeWrittenFails() throws {
    let path = "/proc/no-such-folder/picture.jpg"
    let refusal = FileSystemError("/proc/no-such-folder", "cannot make the directory: No such file or directory")
    #expect(throws: refusal) { try JPEGEncoder.write(Self.picture, to: path, quality: 80) }
    try TestFolders.withTemporary { folder in
      // Through a link, so that code which removed what it could not write would remove only the link.
      let full = folder + "/full.png"
      try FileManager.default.createSymbolicLink(atPath: full, withDestinationPath: "/dev/full")
      #expect(throws: FileSystemError(full, "cannot be written: No space left on device")) {
        try PNGWriter.write(Self.picture, to: full)
      }
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
