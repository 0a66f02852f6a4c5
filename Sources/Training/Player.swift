import DataParallel
import Kernels
import Layers
import Optimizers
import Tensors

/// One of the two networks as training sees it: parameters, their gradients over all shards, and the update rule.
final class Player {
  /// `generator` or `discriminator`, as in tensors' names.
  let name: String
  let store: ParameterStore
  private let settings: OptimizerSettings
  /// Both are made when a planned step has shown the order in which backward finishes gradients.
  private(set) var gradients: GradientReducer!
  private(set) var optimizer: (any Optimizer)!

  init(_ name: String, _ store: ParameterStore, _ settings: OptimizerSettings) {
    self.name = name
    self.store = store
    self.settings = settings
  }

  /// Lays the parameters out, sets them from the seed, and reserves gradients and moments.
  func prepare(
    order: [ParameterStore.Parameter], seed: UInt64, _ makeReducer: (_ count: Int) -> GradientReducer
  ) {
    store.layOut(order: order)
    store.initialize(seed: seed, network: name)
    optimizer = settings.makeOptimizer(count: store.count)
    gradients = makeReducer(store.count)
  }

  func learningRate(after completed: Int) -> Double { settings.schedule.rate(after: completed) }

  /// Waits for the gradient of the global batch and checks that it is finite.
  ///
  /// - Returns: the factor that clips it, and the seconds of communication that computing did not hide.
  func finishGradient(step: Int, _ vectors: VectorOperations) throws -> (clip: Double, waited: Double) {
    let waited = try gradients.wait()
    let sum = gradients.sum
    let norm = vectors.norm(UnsafePointer(sum.baseAddress!), count: sum.count)
    guard norm.isFinite else { throw NotFiniteError(step: step, network: name, tensor: firstNotFinite(sum)) }
    return (clipFactor(norm: norm, limit: settings.clipNorm), waited)
  }

  func update(clip: Double, after completed: Int, _ vectors: VectorOperations) {
    optimizer.update(
      parameters: store.values.pointer, gradient: UnsafePointer(gradients.sum.baseAddress!), clip: clip,
      learningRate: learningRate(after: completed), vectors)
  }

  private func firstNotFinite(_ sum: UnsafeMutableBufferPointer<Real>) -> String? {
    store.parameters.first { entry in
      (entry.offset..<entry.offset + entry.count).contains { !sum[$0].isFinite }
    }?.name
  }
}
