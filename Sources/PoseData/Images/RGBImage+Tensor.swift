import Tensors

extension RGBImage {
  /// An image of a batch, 1×H×W×3 in 0...1; what lies outside is clipped, and what is no number is black.
  public init(_ tensor: Tensor) {
    precondition(tensor.shape.n == 1 && tensor.shape.c == 3, "an image of \(tensor.shape)")
    let bytes = tensor.values.map { value in
      value > 0 ? UInt8((min(1, value) * 255).rounded()) : 0
    }
    self.init(width: tensor.shape.w, height: tensor.shape.h, bytes: bytes)
  }

  /// What `transform` shows of the picture; black beyond its edges.
  public func cropped(_ transform: CropTransform) -> RGBImage {
    let side = transform.inputResolution
    let memory = Buffer<Real>(count: side * side * 3)
    let crop = Tensor(memory.pointer, Shape(n: 1, h: side, w: side, c: 3))
    CropSampler().sample(PhotographPart(self), transform, into: crop)
    return RGBImage(crop)
  }
}
