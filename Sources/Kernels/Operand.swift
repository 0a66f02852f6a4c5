import CKernels
import Tensors

/// What an operation reads: a tensor in memory, or one that is computed while it is read, so that neither the
/// activated tensor nor the gradient of a normalisation is ever stored (docs/design/fusion.md).
public struct Operand {
  let kind: ck_operand_kind
  /// N×H×W×C: the tensor itself, or the one from which the values are computed.
  public let tensor: Tensor
  let gradient: Tensor?
  let coefficients: Tensor?

  /// The tensor itself.
  public static func plain(_ tensor: Tensor) -> Operand {
    Operand(kind: CK_PLAIN, tensor: tensor, gradient: nil, coefficients: nil)
  }

  /// max(0, scale·x + shift).
  public static func normalized(_ n: Normalized) -> Operand {
    Operand(kind: CK_NORMALIZED, tensor: n.tensor, gradient: nil, coefficients: n.coefficients)
  }

  /// a·g + b·x + d per channel: the gradient that a batch normalisation of x passes on. `coefficients` is 1×1×3×C.
  public static func gradient(_ g: Tensor, of x: Tensor, coefficients: Tensor) -> Operand {
    Operand(kind: CK_GRADIENT, tensor: x, gradient: g, coefficients: coefficients)
  }

  public var shape: Shape { tensor.shape }

  /// Numbers that reading all of it takes from memory.
  var numbers: Int { tensor.count + (gradient?.count ?? 0) }

  /// The sum over all pixels of a batch normalisation's gradient is zero by its definition.
  var sumsToZero: Bool { kind == CK_GRADIENT }

  var raw: ck_operand {
    let channels = tensor.shape.c
    let table = coefficients?.pointer
    return ck_operand(
      kind: Int32(kind.rawValue), x: tensor.pointer, g: gradient?.pointer, a: table, b: table.map { $0 + channels },
      d: table.map { $0 + 2 * channels })
  }
}

extension KernelContext {
  /// Releases what belongs to this operand alone: of a normalisation's gradient all but the tensor it is the gradient of.
  public func release(_ operand: Operand) {
    if let gradient = operand.gradient { arena.release(gradient) }
    if operand.kind == CK_GRADIENT, let coefficients = operand.coefficients { arena.release(coefficients) }
  }
}

/// A tensor seen through batch normalisation and ReLU: max(0, scale·x + shift).
public struct Normalized {
  /// x, N×H×W×C.
  public let tensor: Tensor
  /// 1×1×4×C: scale γ/√(σ²+ε), shift β − μ·scale, mean μ, and 1/√(σ²+ε).
  public let coefficients: Tensor

  public init(tensor: Tensor, coefficients: Tensor) {
    self.tensor = tensor
    self.coefficients = coefficients
  }

  func row(_ index: Int) -> UnsafeMutablePointer<Real> { coefficients.pointer + index * tensor.shape.c }
  var scale: UnsafeMutablePointer<Real> { row(0) }
  var shift: UnsafeMutablePointer<Real> { row(1) }
  var mean: UnsafeMutablePointer<Real> { row(2) }
  var inverseDeviation: UnsafeMutablePointer<Real> { row(3) }
}
