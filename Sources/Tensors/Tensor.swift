/// A view of `Real` values laid out N×H×W×C. It does not own them: an `Arena` or a `Buffer` does, and no view
/// is used after its owner is gone.
public struct Tensor: @unchecked Sendable {
  public let pointer: UnsafeMutablePointer<Real>
  public let shape: Shape

  public init(_ pointer: UnsafeMutablePointer<Real>, _ shape: Shape) {
    self.pointer = pointer
    self.shape = shape
  }

  /// A tensor that has a shape and no values, to plan a computation with (`Arena.plan`).
  ///
  /// Its address belongs to no arena, and no system maps it: whoever reads or writes a value ends the process.
  public static func shapeOnly(_ shape: Shape) -> Tensor {
    Tensor(UnsafeMutablePointer(bitPattern: 1 << 62)!, shape)
  }

  public var count: Int { shape.count }

  public var values: UnsafeMutableBufferPointer<Real> {
    UnsafeMutableBufferPointer(start: pointer, count: shape.count)
  }

  /// The image at `index`, as a batch of one.
  public func image(_ index: Int) -> Tensor {
    images(index..<(index + 1))
  }

  /// Consecutive images of the batch.
  public func images(_ range: Range<Int>) -> Tensor {
    precondition(range.lowerBound >= 0 && range.upperBound <= shape.n, "images \(range) of \(shape)")
    let each = shape.h * shape.w * shape.c
    return Tensor(
      pointer + range.lowerBound * each, Shape(n: range.count, h: shape.h, w: shape.w, c: shape.c))
  }
}
