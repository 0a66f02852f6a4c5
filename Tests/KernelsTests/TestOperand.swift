import Kernels
import Tensors
import TestSupport

/// An operand of one of the three kinds, and the values that it stands for.
struct TestOperand {
  enum Kind: String, Sendable, CaseIterable {
    case plain, normalized, gradient
  }

  let kind: Kind
  let operand: Operand
  /// In Double, from the numbers as they are in memory.
  let values: [Double]
  private let memory: [OwnedTensor]

  init(_ kind: Kind, _ shape: Shape, _ random: inout CounterRandom) {
    self.kind = kind
    let x = OwnedTensor(shape, &random)
    let channels = shape.c
    switch kind {
    case .plain:
      memory = [x]
      operand = .plain(x.tensor)
      values = x.values
    case .normalized:
      let table = OwnedTensor(Shape(n: 1, h: 1, w: 4, c: channels), &random)
      memory = [x, table]
      operand = .normalized(Normalized(tensor: x.tensor, coefficients: table.tensor))
      let t = table.values
      values = x.values.enumerated().map { i, x in max(0, t[i % channels] * x + t[channels + i % channels]) }
    case .gradient:
      let g = OwnedTensor(shape, &random)
      let table = OwnedTensor(Shape(n: 1, h: 1, w: 3, c: channels), &random)
      memory = [x, g, table]
      operand = .gradient(g.tensor, of: x.tensor, coefficients: table.tensor)
      let t = table.values
      values = zip(x.values, g.values).enumerated().map { i, pair in
        let c = i % channels
        return t[c] * pair.1 + t[channels + c] * pair.0 + t[2 * channels + c]
      }
    }
  }

  var marginsAreIntact: Bool { memory.allSatisfy(\.marginsAreIntact) }
}
