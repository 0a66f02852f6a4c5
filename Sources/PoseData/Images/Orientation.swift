/// How a camera was held: Exif's tag 0x0112 (CIPA DC-008, "Exchangeable image file format for digital still cameras").
struct Orientation: Equatable {
  /// 1 to 8; 1 where a file says nothing that makes sense.
  let value: Int

  /// Whether width and height change places.
  var changesSides: Bool { value >= 5 }

  init(_ value: Int) { self.value = (1...8).contains(value) ? value : 1 }

  /// Looks through a JPEG's segments up to its picture.
  init(jpeg bytes: [UInt8]) {
    var offset = 2
    while offset + 4 <= bytes.count, bytes[offset] == 0xFF {
      let marker = bytes[offset + 1]
      let length = Int(bytes[offset + 2]) << 8 | Int(bytes[offset + 3])
      let end = offset + 2 + length
      // The picture begins, or the segment is none.
      guard marker != 0xDA, length >= 2, end <= bytes.count else { break }
      let content = bytes[offset + 4..<end]
      if marker == 0xE1, content.starts(with: "Exif\0\0".utf8) {
        self.init(Self.tag(Array(content.dropFirst(6))) ?? 1)
        return
      }
      offset = end
    }
    self.init(1)
  }

  /// The tag's value in the first directory of a TIFF structure.
  private static func tag(_ tiff: [UInt8]) -> Int? {
    guard tiff.count >= 8 else { return nil }
    let isLittle = tiff.starts(with: "II".utf8)
    guard isLittle || tiff.starts(with: "MM".utf8) else { return nil }
    func number(_ offset: Int, _ size: Int) -> Int {
      (0..<size).reduce(0) { $0 << 8 | Int(tiff[isLittle ? offset + size - 1 - $1 : offset + $1]) }
    }
    let directory = number(4, 4)
    guard directory + 2 <= tiff.count else { return nil }
    for entry in 0..<number(directory, 2) {
      let start = directory + 2 + 12 * entry
      guard start + 12 <= tiff.count else { return nil }
      // One 16-bit number.
      if number(start, 2) == 0x0112, number(start + 2, 2) == 3, number(start + 4, 4) == 1 {
        return number(start + 8, 2)
      }
    }
    return nil
  }

  /// Where a part of the upright picture lies in the one that is stored, which has this size.
  func stored(_ region: PixelRegion, width: Int, height: Int) -> PixelRegion {
    let corners = [
      place(region.columns.lowerBound, region.rows.lowerBound, width, height),
      place(region.columns.upperBound - 1, region.rows.upperBound - 1, width, height),
    ]
    func span(_ places: [Int]) -> Range<Int> { places.min()!..<places.max()! + 1 }
    return PixelRegion(columns: span(corners.map(\.column)), rows: span(corners.map(\.row)))
  }

  /// The picture as the camera saw it.
  func upright(_ image: RGBImage) -> RGBImage {
    if value == 1 { return image }
    let (width, height) = changesSides ? (image.height, image.width) : (image.width, image.height)
    let bytes = [UInt8](unsafeUninitializedCapacity: width * height * 3) { target, count in
      image.bytes.withUnsafeBufferPointer { source in
        for row in 0..<height {
          for column in 0..<width {
            let from = place(column, row, image.width, image.height)
            let (pixel, start) = ((row * width + column) * 3, (from.row * image.width + from.column) * 3)
            for channel in 0..<3 { target[pixel + channel] = source[start + channel] }
          }
        }
      }
      count = width * height * 3
    }
    return RGBImage(width: width, height: height, bytes: bytes)
  }

  /// Where a pixel of the upright picture lies in the one that is stored, which has this size.
  private func place(_ column: Int, _ row: Int, _ width: Int, _ height: Int) -> (column: Int, row: Int) {
    let (right, bottom) = (width - 1, height - 1)
    switch value {
    case 2: return (right - column, row)
    case 3: return (right - column, bottom - row)
    case 4: return (column, bottom - row)
    case 5: return (row, column)
    case 6: return (row, bottom - column)
    case 7: return (right - row, bottom - column)
    case 8: return (right - row, column)
    default: return (column, row)
    }
  }
}
