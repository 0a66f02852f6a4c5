/// What a MATLAB file's variable may be: numbers, text, or structs and cells of such; extents are left out.
public indirect enum MatValue: Sendable, Equatable {
  case numbers([Double])
  case text(String)
  case cells([MatValue])
  case structs(Structs)

  /// Structs with the same fields.
  public struct Structs: Sendable, Equatable {
    public let fields: [String]
    /// Those of the first struct, then those of the next.
    public let values: [MatValue]

    public init(fields: [String], values: [MatValue]) {
      precondition(
        fields.isEmpty ? values.isEmpty : values.count % fields.count == 0,
        "\(values.count) values for \(fields.count) fields")
      self.fields = fields
      self.values = values
    }

    public var count: Int { fields.isEmpty ? 0 : values.count / fields.count }
  }

  static let empty = MatValue.numbers([])

  /// Structs, cells or numbers; a text is one thing, unless it is empty.
  var count: Int {
    switch self {
    case .numbers(let numbers): numbers.count
    case .text(let text): text.isEmpty ? 0 : 1
    case .cells(let cells): cells.count
    case .structs(let structs): structs.count
    }
  }

  /// A field of the struct at `index`; nil where there is no such field or struct, or what it holds is empty.
  subscript(_ field: String, _ index: Int = 0) -> MatValue? {
    guard case .structs(let structs) = self, (0..<structs.count).contains(index),
      let place = structs.fields.firstIndex(of: field)
    else { return nil }
    let value = structs.values[index * structs.fields.count + place]
    return value.count == 0 ? nil : value
  }

  /// A single number, which may be written as text.
  var number: Double? {
    switch self {
    case .numbers(let numbers) where numbers.count == 1: numbers[0]
    case .text(let text): Double(text)
    default: nil
    }
  }

  var string: String? {
    guard case .text(let text) = self else { return nil }
    return text
  }
}
