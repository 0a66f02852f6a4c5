import Kernels
import Layers
import Tensors
import TestSupport

/// f = Σ r ⊙ out of a network in training, r being fixed random numbers: a number that depends on every parameter and
/// on the input, and whose gradient is what backward gives for r.
struct DifferentiableRun {
  let store: ParameterStore
  let input: OwnedTensor
  let bench: Workbench
  /// Forward; the outputs of which f is the sum.
  let forward: (_ input: Activation, _ pass: Pass) -> [Tensor]
  /// Backward from the outputs' gradients; the gradient of the input, or nil where there is none.
  let backward: (_ gradients: [Tensor], _ pass: Pass) -> Tensor?

  private func weights(_ count: Int, output: Int) -> [Double] {
    var random = CounterRandom(seed: 11, purpose: "output weights", UInt64(output))
    return (0..<count).map { _ in random.normal() }
  }

  func value() -> Double {
    let outputs = bench.run { context in forward(context.activation(input), Pass(context, store, .training)) }
    return outputs.enumerated().reduce(0) { sum, output in
      zip(output.element, weights(output.element.count, output: output.offset)).reduce(sum) { $0 + $1.0 * $1.1 }
    }
  }

  /// With respect to the parameters, in the store's layout, and to the input.
  func gradient(_ target: (UnsafeMutablePointer<Real>) -> Pass.GradientTarget?, into block: OwnedTensor) -> [Double]? {
    bench.run { context in
      let pass = Pass(context, store, .training)
      pass.gradientTarget = target(block.pointer)
      let outputs = forward(context.activation(input), pass)
      let gradients = outputs.enumerated().map { number, output in
        context.copy(OwnedTensor(output.shape, weights(output.count, output: number)))
      }
      return backward(gradients, pass).map { [$0] } ?? []
    }.first
  }

  /// The largest difference between gradients and central differences along random directions, as a part of the
  /// derivative to be expected along such a direction: the gradient's norm.
  func worstError(directions: Int, step: Double, inputAlone: Bool = false) -> Double {
    let block = OwnedTensor(.channels(store.count))
    let inputGradient = gradient({ Pass.GradientTarget(block: $0) }, into: block)
    let variables = [(store.values.pointer, block.values)] + (inputGradient.map { [(input.pointer, $0)] } ?? [])
    let chosen = inputAlone ? Array(variables.dropFirst()) : variables
    var random = CounterRandom(seed: 12, purpose: "directions")
    return (0..<directions).map { _ in
      let lines = chosen.map { pointer, gradient in
        (pointer, gradient.indices.map { Double(pointer[$0]) }, gradient.map { _ in random.normal() })
      }
      let move = { (distance: Double) in
        for (pointer, origin, direction) in lines {
          for i in origin.indices { pointer[i] = Real(origin[i] + distance * direction[i]) }
        }
      }
      move(step)
      let ahead = value()
      move(-step)
      let behind = value()
      move(0)
      let derivative = zip(chosen, lines).reduce(0) { sum, pair in
        zip(pair.0.1, pair.1.2).reduce(sum) { $0 + $1.0 * $1.1 }
      }
      let norm = chosen.reduce(0) { $1.1.reduce($0) { $0 + $1 * $1 } }.squareRoot()
      return abs((ahead - behind) / (2 * step) - derivative) / norm
    }.max()!
  }
}
