/// The extents of a four-dimensional tensor, N×H×W×C: images, rows, columns, channels.
///
/// Channels are innermost and contiguous, so a 1×1 convolution is a matrix product over the memory as it lies.
public struct Shape: Hashable, Sendable, CustomStringConvertible {
  public let n: Int
  public let h: Int
  public let w: Int
  public let c: Int

  public init(n: Int, h: Int, w: Int, c: Int) {
    precondition(n >= 0 && h >= 0 && w >= 0 && c >= 0, "a negative extent")
    self.n = n
    self.h = h
    self.w = w
    self.c = c
  }

  /// A vector of one value per channel.
  public static func channels(_ c: Int) -> Shape { Shape(n: 1, h: 1, w: 1, c: c) }

  /// Pixels of all images: the rows of the matrix that a 1×1 convolution multiplies.
  public var rows: Int { n * h * w }
  public var count: Int { rows * c }

  public func with(c: Int) -> Shape { Shape(n: n, h: h, w: w, c: c) }
  public func with(h: Int, w: Int) -> Shape { Shape(n: n, h: h, w: w, c: c) }

  public var description: String { "\(n)×\(h)×\(w)×\(c)" }
}
