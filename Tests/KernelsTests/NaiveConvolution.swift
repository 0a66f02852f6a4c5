import Kernels
import Tensors

/// Convolution and its gradients by their definition, one product at a time, in Double.
struct NaiveConvolution {
  let input: Shape
  let outChannels: Int
  let geometry: ConvolutionGeometry

  var output: Shape { geometry.output(input, channels: outChannels) }
  var weightCount: Int { geometry.kernel * geometry.kernel * input.c * outChannels }

  /// Visits every product that the convolution is a sum of, by the indices of its two factors and of its sum.
  @inline(__always)
  private func forEachProduct(_ body: (_ input: Int, _ weight: Int, _ output: Int) -> Void) {
    let (kernel, output) = (geometry.kernel, output)
    for n in 0..<output.n {
      for oy in 0..<output.h {
        for ox in 0..<output.w {
          for ky in 0..<kernel {
            for kx in 0..<kernel {
              let (y, x) = (oy * geometry.stride + ky - geometry.padding, ox * geometry.stride + kx - geometry.padding)
              guard y >= 0, y < input.h, x >= 0, x < input.w else { continue }
              let from = ((n * input.h + y) * input.w + x) * input.c
              let to = ((n * output.h + oy) * output.w + ox) * outChannels
              for i in 0..<input.c {
                let weight = ((ky * kernel + kx) * input.c + i) * outChannels
                for o in 0..<outChannels { body(from + i, weight + o, to + o) }
              }
            }
          }
        }
      }
    }
  }

  func forward(_ x: [Double], _ weights: [Double]) -> [Double] {
    var out = [Double](repeating: 0, count: output.count)
    forEachProduct { out[$2] += x[$0] * weights[$1] }
    return out
  }

  func backwardData(_ dy: [Double], _ weights: [Double]) -> [Double] {
    var dx = [Double](repeating: 0, count: input.count)
    forEachProduct { dx[$0] += dy[$2] * weights[$1] }
    return dx
  }

  func backwardWeights(_ x: [Double], _ dy: [Double]) -> [Double] {
    var dw = [Double](repeating: 0, count: weightCount)
    forEachProduct { dw[$1] += x[$0] * dy[$2] }
    return dw
  }

  func backwardBias(_ dy: [Double]) -> [Double] { columnSums(dy, channels: outChannels) }
}

/// Sums over all pixels, a channel each, compensated (Kahan) so that their own error does not count.
func columnSums(_ values: [Double], channels: Int) -> [Double] {
  var sums = [Double](repeating: 0, count: channels)
  var lost = sums
  for (i, value) in values.enumerated() {
    let c = i % channels
    let part = value - lost[c]
    let sum = sums[c] + part
    lost[c] = (sum - sums[c]) - part
    sums[c] = sum
  }
  return sums
}
