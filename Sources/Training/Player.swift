import Communication
import DataParallel
import Kernels
import Layers
import Optimizers
import Tensors

/// One of the two networks as training sees it: parameters, their gradients over all shards, and the update rule.
final class Player {
  /// `generator` or `discriminator`, as in tensors' names.
  let name: String
  private let shortName: ShortName
  let store: ParameterStore
  private let settings: OptimizerSettings
  private let totalSteps: Int
  /// Both are made when a planned step has shown the order in which backward finishes gradients.
  private(set) var gradients: GradientReducer!
  private(set) var optimizer: (any Optimizer)!

  init(_ name: ShortName, _ store: ParameterStore, _ settings: OptimizerSettings, totalSteps: Int) {
    self.name = "\(name)"
    shortName = name
    self.store = store
    self.settings = settings
    self.totalSteps = totalSteps
  }

  /// Lays the parameters out, sets them from the seed, and reserves gradients and moments.
  func prepare(
    order: [ParameterStore.Parameter], seed: UInt64,
    _ makeReducer: (_ name: ShortName, _ count: Int) throws(CommunicationError) -> GradientReducer
  ) throws(CommunicationError) {
    store.layOut(order: order)
    store.initialize(seed: seed, network: name)
    optimizer = settings.makeOptimizer(count: store.count)
    gradients = try makeReducer(shortName, store.count)
  }

  func learningRate(after completed: Int) -> Double { settings.schedule.rate(after: completed, of: totalSteps) }

  /// Waits for the gradient of the global batch.
  ///
  /// - Returns: the factor that clips it, nil where the gradient or its norm is not finite, and the seconds of
  ///   communication that computing did not hide.
  func finishGradient(_ vectors: VectorOperations) throws -> (clip: Double?, waited: Double) {
    let waited = try gradients.wait()
    let sum = gradients.sum
    let norm = vectors.norm(UnsafePointer(sum.baseAddress!), count: sum.count)
    return (norm.isFinite ? clipFactor(norm: norm, limit: settings.clipNorm) : nil, waited)
  }

  func update(clip: Double, after completed: Int, _ vectors: VectorOperations) {
    optimizer.update(
      parameters: store.values.pointer, gradient: UnsafePointer(gradients.sum.baseAddress!), clip: clip,
      learningRate: learningRate(after: completed), vectors)
  }

  /// The first parameter whose numbers in `block`, laid out as the parameters are, are not all finite.
  func firstNotFinite(_ block: UnsafeMutablePointer<Real>) -> String? {
    store.parameters.first { entry in
      (entry.offset..<entry.offset + entry.count).contains { !block[$0].isFinite }
    }?.name
  }
}

/// What an update changes of a network, kept so that it can be taken back.
struct UpdateUndo: ~Copyable {
  private let player: Player
  private let memory: Buffer<Real>
  private var stepCount = 0

  /// The player must be prepared.
  init(_ player: Player) {
    self.player = player
    memory = Buffer(count: (1 + player.optimizer.moments.count) * player.store.count)
  }

  private var blocks: [UnsafeMutablePointer<Real>] {
    [player.store.values.pointer] + player.optimizer.moments.map(\.values)
  }

  mutating func keep() {
    let count = player.store.count
    for (index, block) in blocks.enumerated() { (memory.pointer + index * count).update(from: block, count: count) }
    stepCount = player.optimizer.stepCount
  }

  func restore() {
    let count = player.store.count
    for (index, block) in blocks.enumerated() { block.update(from: memory.pointer + index * count, count: count) }
    player.optimizer.stepCount = stepCount
  }
}
