import Communication
import DataParallel
import Estimation
import Kernels
import PoseData
import RunRecord
import Tensors

/// The whole state of training, by name: what a checkpoint holds and a fingerprint covers.
///
///     generator.<parameter>, discriminator.<parameter>              as ParameterStore names them
///     <network>.<normalisation>.running_mean | running_var          [C]
///     optimizer.<network>.<moment>.<parameter>, optimizer.<network>.steps
///     k_t (float64), step, samples_seen (int64)
extension AdversarialTrainer {
  var players: [Player] { [generator] + (discriminator.map { [$0] } ?? []) }

  /// Calls `body` with every array of the state and its memory, for reading or for filling.
  private func forEachArray(_ body: (_ name: String, _ shape: [Int], _ values: UnsafeMutablePointer<Real>) -> Void) {
    for player in players {
      for (name, shape, values) in player.store.arrays(of: player.name) { body(name, shape, values) }
      for (moment, values) in player.optimizer.moments {
        for entry in player.store.parameters {
          body("optimizer.\(player.name).\(moment).\(entry.name)", entry.shape, values + entry.offset)
        }
      }
    }
  }

  public var samplesSeen: Int { completedSteps * plan.batch }

  /// The state as arrays that stay valid while `body` runs.
  public func withState<Result>(_ body: ([NamedArray]) throws -> Result) rethrows -> Result {
    var arrays: [NamedArray] = []
    forEachArray { name, shape, values in
      arrays.append(Self.array(name, shape, values))
    }
    var kt = balance.kt
    var counters = [Int64(completedSteps), Int64(samplesSeen)] + players.map { Int64($0.optimizer.stepCount) }
    let names = ["step", "samples_seen"] + players.map { "optimizer.\($0.name).steps" }
    return try withUnsafeBytes(of: &kt) { kt in
      arrays.append(NamedArray(name: "k_t", type: .f64, shape: [], bytes: kt))
      return try counters.withUnsafeMutableBytes { bytes in
        for (index, name) in names.enumerated() {
          arrays.append(
            NamedArray(
              name: name, type: .i64, shape: [],
              bytes: UnsafeRawBufferPointer(rebasing: bytes[(index * 8)..<(index * 8 + 8)])))
        }
        return try body(arrays)
      }
    }
  }

  private static func array(_ name: String, _ shape: [Int], _ values: UnsafeMutablePointer<Real>) -> NamedArray {
    NamedArray(
      name: name, type: .real, shape: shape,
      bytes: UnsafeRawBufferPointer(start: values, count: shape.reduce(1, *) * MemoryLayout<Real>.size))
  }

  /// Takes the state over from a file, which must hold exactly the arrays of this configuration.
  public func restore(from file: SafetensorsFile) throws(CheckpointError) {
    var kt = 0.0
    var counters = [Int64](repeating: 0, count: 2 + players.count)
    let names = ["step", "samples_seen"] + players.map { "optimizer.\($0.name).steps" }
    var destinations: [NamedDestination] = []
    forEachArray { name, shape, values in
      destinations.append(
        NamedDestination(
          name: name, type: .real, shape: shape,
          bytes: UnsafeMutableRawBufferPointer(
            start: values, count: shape.reduce(1, *) * MemoryLayout<Real>.size)))
    }
    let outcome = withUnsafeMutableBytes(of: &kt) { kt in
      counters.withUnsafeMutableBytes { bytes -> Result<Void, CheckpointError> in
        destinations.append(NamedDestination(name: "k_t", type: .f64, shape: [], bytes: kt))
        for (index, name) in names.enumerated() {
          destinations.append(
            NamedDestination(
              name: name, type: .i64, shape: [],
              bytes: UnsafeMutableRawBufferPointer(rebasing: bytes[(index * 8)..<(index * 8 + 8)])))
        }
        do throws(CheckpointError) {
          try file.read(into: destinations)
          return .success(())
        } catch {
          return .failure(error)
        }
      }
    }
    try outcome.get()
    guard kt.isFinite, (0...1).contains(kt), counters.allSatisfy({ $0 >= 0 }) else {
      throw CheckpointError(file.path, tensor: "k_t", "k_t or a counter is out of range")
    }
    completedSteps = Int(counters[0])
    for (player, steps) in zip(players, counters.dropFirst(2)) { player.optimizer.stepCount = Int(steps) }
    balance = balance.with(kt: kt)
  }

  /// The gradients of the last step, summed over all shards, by parameter.
  public func withGradients<Result>(_ body: ([NamedArray]) throws -> Result) rethrows -> Result {
    var arrays: [NamedArray] = []
    for player in players {
      let sum = player.gradients.sum
      for entry in player.store.parameters {
        arrays.append(Self.array("\(player.name).\(entry.name)", entry.shape, sum.baseAddress! + entry.offset))
      }
    }
    return try body(arrays)
  }
}

extension NamedArray {
  /// An N×H×W×C tensor's memory.
  init(name: String, _ tensor: Tensor) {
    let shape = tensor.shape
    self.init(
      name: name, type: .real, shape: [shape.n, shape.h, shape.w, shape.c], bytes: UnsafeRawBufferPointer(tensor.values)
    )
  }
}

// MARK: Across ranks

extension AdversarialTrainer {
  /// Gives every rank rank 0's state.
  public func broadcastState(_ communicator: any Communicator) throws(CommunicationError) {
    guard communicator.worldSize > 1 else { return }
    for player in players {
      let store = player.store
      var blocks = [(store.values.pointer, store.count), (store.runningValues.pointer, store.runningValues.count)]
      blocks += player.optimizer.moments.map { ($0.values, store.count) }
      for (values, count) in blocks {
        let block = UnsafeMutableBufferPointer(start: values, count: count)
        try communicator.broadcast(UnsafeMutableRawBufferPointer(block), root: 0)
      }
    }
    var numbers = [UInt64(completedSteps), balance.kt.bitPattern] + players.map { UInt64($0.optimizer.stepCount) }
    try communicator.broadcast(&numbers)
    completedSteps = Int(numbers[0])
    balance = balance.with(kt: Double(bitPattern: numbers[1]))
    for (player, steps) in zip(players, numbers.dropFirst(2)) { player.optimizer.stepCount = Int(steps) }
  }

  /// Compares all ranks' parameters, statistics and moments; a difference names the first block and the rank.
  public func compareReplicas(_ communicator: any Communicator) throws(CommunicationError) {
    guard communicator.worldSize > 1 else { return }
    let digests = withState { arrays in
      arrays.map { ReplicaDigest(name: $0.name, blockDigest($0.bytes)) }
    }
    try ReplicaDigest.compare(digests, over: communicator)
  }

  /// A generator that follows this training.
  public func makeEstimator(batch: Int, _ context: KernelContext) -> PoseEstimator {
    PoseEstimator(passes.g, generator.store, batch: batch, inputResolution: settings.inputResolution, context)
  }

  /// Both networks as they stand; nil where training is not adversarial.
  public func makeCritic(_ skeleton: Skeleton, _ context: KernelContext) -> PoseCritic? {
    guard let d = passes.d, let discriminator else { return nil }
    return PoseCritic(
      passes.g, generator.store, d, discriminator.store, skeleton, inputResolution: settings.inputResolution, context)
  }
}
