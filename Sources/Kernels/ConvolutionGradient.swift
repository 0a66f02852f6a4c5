import Tensors

/// Where the gradients of a convolution's parameters go.
public struct ConvolutionGradient {
  let weights: ParameterGradient
  let bias: ParameterGradient

  /// Whether neither gradient need be known.
  var isNothing: Bool { weights.isNothing && bias.isNothing }

  public init(weights: ParameterGradient, bias: ParameterGradient) {
    self.weights = weights
    self.bias = bias
  }
}

extension Workers {
  /// The weights' gradient from partial sums of `count` numbers each, from the first to the last.
  func reduceWeightGradient(
    _ parts: Tensor, parts number: Int, stride: Int, count: Int, _ gradient: ParameterGradient
  ) {
    if gradient.isNothing { return }
    let pieces = Blocks(count: count, size: 4096)
    run(pieces.number) { piece, _ in
      let range = pieces.range(piece)
      table.sum_parts(
        parts.pointer + range.lowerBound, range.count, stride, Int32(number), gradient.scale, gradient.keep ? 1 : 0,
        gradient.values + range.lowerBound)
    }
  }

  /// The bias's gradient from partial sums; nil stands for zero, which it is right before a batch normalisation.
  func reduceBiasGradient(_ parts: Tensor?, parts number: Int, channels: Int, _ gradient: ParameterGradient) {
    if let parts {
      table.sum_parts(
        parts.pointer, channels, channels, Int32(number), gradient.scale, gradient.keep ? 1 : 0, gradient.values)
    } else if !gradient.keep {
      gradient.values.update(repeating: 0, count: channels)
    }
  }
}
