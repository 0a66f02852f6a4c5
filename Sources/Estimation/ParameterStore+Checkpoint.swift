import Layers
import RunRecord
import Tensors

extension ParameterStore {
  /// Takes parameters and running statistics from a checkpoint; the store is laid out.
  public func read(_ network: String, from checkpoint: SafetensorsFile) throws(CheckpointError) {
    for (name, shape, values) in arrays(of: network) {
      guard let entry = checkpoint[name], entry.shape == shape, entry.type == .real else {
        throw CheckpointError(checkpoint.path, tensor: name, "is missing, or not as the configuration has it")
      }
      try checkpoint.read(
        entry,
        into: UnsafeMutableRawBufferPointer(start: values, count: shape.reduce(1, *) * MemoryLayout<Real>.size))
    }
  }

  /// Parameters and running statistics under the names a checkpoint gives them.
  public func arrays(of network: String) -> [(name: String, shape: [Int], values: UnsafeMutablePointer<Real>)] {
    var arrays = parameters.map { ("\(network).\($0.name)", $0.shape, values.pointer + $0.offset) }
    for entry in statistics {
      let channels = entry.shape[1]
      let values = runningValues.pointer + entry.offset
      arrays.append(("\(network).\(entry.name).running_mean", [channels], values))
      arrays.append(("\(network).\(entry.name).running_var", [channels], values + channels))
    }
    return arrays
  }
}
