/// A decoded photograph: rows from top to bottom, three bytes a pixel (red, green, blue).
public struct RGBImage: Sendable, Equatable {
  public let width: Int
  public let height: Int
  public var bytes: [UInt8]

  public init(width: Int, height: Int, bytes: [UInt8]) {
    precondition(bytes.count == width * height * 3)
    self.width = width
    self.height = height
    self.bytes = bytes
  }
}
