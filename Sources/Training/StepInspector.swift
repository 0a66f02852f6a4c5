import Layers
import Tensors

/// Looks at what a step's passes write, shard by shard: for a dump, or for the first tensor that is not finite.
package final class StepInspector {
  package enum Purpose { case dump, trap }

  /// The passes of a step.
  enum Part: String, CaseIterable {
    case generator
    case discriminatorOnReal = "discriminator on real"
    case discriminatorOnFake = "discriminator on fake"
  }

  private let purpose: Purpose
  /// The shard whose passes run, of this rank's.
  var shard = 0
  /// What was written, in order; kept for a dump alone.
  private(set) var tensors: [DumpedTensor] = []
  /// By shard, the first output of each part and the first gradient that are not finite.
  private var outputs: [Int: [Part: Sighting]] = [:]
  private var gradients: [Int: Sighting] = [:]

  /// A tensor that is not finite.
  struct Sighting {
    let part: Part
    let layer: String
    let role: WrittenTensor.Role
  }

  package init(_ purpose: Purpose) { self.purpose = purpose }

  /// Forgets what it saw: another step begins.
  func begin() {
    tensors.removeAll()
    outputs.removeAll()
    gradients.removeAll()
  }

  /// What a pass is to call for each tensor.
  func look(at part: Part) -> TensorInspector {
    { [unowned self] written in
      if purpose == .dump {
        tensors.append(
          DumpedTensor(
            part: part.rawValue, shard: shard, name: "\(written.layer) \(written.role.name)", written.tensor))
        // A dump changes nothing of the step, whatever it sees.
        return
      }
      if written.tensor.isFinite { return }
      let sighting = Sighting(part: part, layer: written.layer, role: written.role)
      if !written.role.isGradient {
        if outputs[shard]?[part] == nil { outputs[shard, default: [:]][part] = sighting }
      } else if gradients[shard] == nil {
        gradients[shard] = sighting
      }
    }
  }

  func output(of part: Part, inShard shard: Int) -> Sighting? { outputs[shard]?[part] }
  func gradient(inShard shard: Int) -> Sighting? { gradients[shard] }
  func sees(inShard shard: Int) -> Bool { outputs[shard] != nil || gradients[shard] != nil }
}

extension StepInspector.Sighting {
  /// In words what it is, and the tensor's or layer's name in checkpoints.
  var words: (what: String, tensor: String) {
    let network = part == .generator ? "generator" : "discriminator"
    let name = "\(network).\(layer)"
    let (what, tensor) =
      switch role {
      case .output: ("the output of", name)
      case .coefficients: ("what normalises in", name)
      case .outputGradient: ("the gradient of the output of", name)
      case .inputGradient: ("the gradient of the input of", name)
      case .parameterGradient(let parameter): ("the gradient of", "\(name).\(parameter)")
      }
    return switch part {
    case .generator: (what, tensor)
    case .discriminatorOnReal: ("on true heatmaps \(what)", tensor)
    case .discriminatorOnFake: ("on generated heatmaps \(what)", tensor)
    }
  }
}

extension Tensor {
  var isFinite: Bool { values.allSatisfy(\.isFinite) }
}
