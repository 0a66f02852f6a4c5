import CKernels
import Tensors

/// What happens to an operation's result before it is written.
public struct Epilogue {
  /// One value a channel, added to every pixel.
  var bias: UnsafePointer<Real>?
  /// A tensor of the result's shape that is added; may be the result itself.
  var addend: Tensor?
  /// The result is the gradient of this view: it is kept where the view is positive.
  var gate: Normalized?
  /// Whether per-channel sums are gathered: moments of the result, or with a gate Σ g and Σ g·(x − μ).
  var gathers = false

  public init(
    bias: UnsafePointer<Real>? = nil, addend: Tensor? = nil, gate: Normalized? = nil, gathers: Bool = false
  ) {
    self.bias = bias
    self.addend = addend
    self.gate = gate
    self.gathers = gathers
  }

  /// Numbers that it reads for a result of that shape.
  func numbers(_ shape: Shape) -> Int { ((addend == nil ? 0 : 1) + (gate == nil ? 0 : 1)) * shape.count }

  func raw(partial: UnsafeMutablePointer<Real>?) -> ck_epilogue {
    ck_epilogue(
      bias: bias, addend: addend.map { UnsafePointer($0.pointer) }, x: gate.map { UnsafePointer($0.tensor.pointer) },
      scale: gate.map { UnsafePointer($0.scale) }, shift: gate.map { UnsafePointer($0.shift) },
      mean: gate.map { UnsafePointer($0.mean) }, partial: partial)
  }
}

/// Per-channel sums of the pieces into which an operation was cut, not yet merged.
public struct Partials {
  /// pieces × (1 + 2C): count, then two sums a channel.
  let tensor: Tensor
  let pieces: Int
  let channels: Int

  func piece(_ index: Int) -> UnsafeMutablePointer<Real> { tensor.pointer + index * tensor.shape.c }
}

extension KernelContext {
  func allocatePartials(pieces: Int, channels: Int) -> Partials {
    Partials(
      tensor: arena.allocate(Shape(n: 1, h: 1, w: pieces, c: (1 + 2 * channels + 15) / 16 * 16)), pieces: pieces,
      channels: channels)
  }
}
