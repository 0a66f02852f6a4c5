import Tensors

/// The type of a tensor's elements, under the name that safetensors gives it.
public enum ElementType: String, Sendable, CaseIterable {
  case f64 = "F64"
  case i64 = "I64"
  case u64 = "U64"
  case f32 = "F32"
  case i32 = "I32"
  case u32 = "U32"
  case f16 = "F16"
  case bf16 = "BF16"
  case i16 = "I16"
  case u16 = "U16"
  case i8 = "I8"
  case u8 = "U8"
  case bool = "BOOL"

  /// The type that `Real` stands for in this build.
  public static let real: ElementType = MemoryLayout<Real>.size == 8 ? .f64 : .f32

  /// Bytes of one element.
  public var size: Int {
    switch self {
    case .f64, .i64, .u64: 8
    case .f32, .i32, .u32: 4
    case .f16, .bf16, .i16, .u16: 2
    case .i8, .u8, .bool: 1
    }
  }
}
