import Communication
import Configuration
import DataParallel
import Foundation
import Kernels
import Objectives
import Optimizers
import Platform
import PoseModels
import RunRecord
import Tensors
import TestSupport
import Training

/// Trainers set up as the golden scripts' networks are.
struct GoldenNetworks {
  let golden: Golden

  func note(_ path: String...) -> JSONValue {
    path.reduce(JSONValue.object(golden.notes)) { $0.object![$1]! }
  }

  private func network(_ name: String) -> HourglassConfiguration {
    let value = { (key: String) in note(name, key).int! }
    return HourglassConfiguration(
      stacks: value("stacks"), modules: value("modules"), features: value("features"), depth: value("depth"),
      stem: note(name, "stem").array!.map { $0.int! })
  }

  struct Variant: Sendable, CustomStringConvertible {
    let reduction: LossReduction
    let targetGradient: Bool
    let refresh: Bool

    var name: String { "\(reduction.rawValue).tg\(targetGradient ? 1 : 0).r\(refresh ? 1 : 0)" }
    var description: String { name }

    static let all = LossReduction.allCases.flatMap { reduction in
      [true, false].flatMap { target in
        [false, true].map { Variant(reduction: reduction, targetGradient: target, refresh: $0) }
      }
    }
  }

  /// A trainer for the whole batch as one shard.
  func trainer(
    _ variant: Variant, resolution: Int, kt: Double, balance: BalanceController.Mode = .absolute,
    convolution: ConvolutionAlgorithm, level: KernelLevel = .best, threads: Int = 1
  ) throws -> AdversarialTrainer {
    let rate = { (name: String) in note("learning_rates", name).double! }
    var adversarial = Configuration.Adversarial()
    adversarial.lambdaG = note("lambda_g").double!
    adversarial.lambdaK = note("lambda_k").double!
    adversarial.gamma = note("gamma").double!
    adversarial.kInitial = kt
    adversarial.balance = balance
    adversarial.reduction = variant.reduction
    adversarial.targetGradient = variant.targetGradient
    adversarial.refreshDiscriminator = variant.refresh
    var model = Configuration.Model()
    model.generator = network("generator")
    model.discriminator = network("discriminator")
    var optimizer = Configuration.Optimizers()
    optimizer.generator = OptimizerSettings(.rmsprop, learningRate: rate("generator"))
    optimizer.discriminator = OptimizerSettings(.adam, learningRate: rate("discriminator"))
    let settings = TrainerSettings(
      model: model, joints: note("generator", "joints").int!, adversarial: adversarial, optimizer: optimizer,
      inputResolution: resolution, seed: 1, totalSteps: 1000)
    let plan = try ShardPlan(batch: note("batch").int!, shards: 1, rank: 0, worldSize: 1)
    return try AdversarialTrainer(
      settings, plan: plan, communicator: SingleProcess(),
      context: KernelContext(pool: ThreadPool(threads: threads), level: level, convolution: convolution))
  }

  /// The named slices of a flat vector of the fixture, such as `initial.generator.parameters`.
  func slices(_ vector: String, layout: String) throws -> [String: [Double]] {
    let values = try golden.values(vector)
    var slices: [String: [Double]] = [:]
    for entry in note("layouts", layout).array! {
      let entry = entry.object!
      let count = entry["shape"]!.array!.reduce(1) { $0 * $1.int! }
      let offset = entry["offset"]!.int!
      slices[entry["name"]!.string!] = Array(values[offset..<offset + count])
    }
    return slices
  }

  /// The tensors of a layout, such as `generator.parameters`, in its order.
  func names(_ layout: String) -> [String] { note("layouts", layout).array!.map { $0.object!["name"]!.string! } }

  /// The weights of all convolutions with kernels of that side.
  func names(ofKernels side: Int, _ networks: [String]) -> [String] {
    networks.flatMap { note("layouts", "\($0).parameters").array! }.compactMap { entry in
      let shape = entry.object!["shape"]!.array!.map { $0.int! }
      return shape.count == 4 && shape[0] == side ? entry.object!["name"]!.string! : nil
    }
  }

  func input(_ name: String, _ shape: Shape, scale: Double = 1) throws -> OwnedTensor {
    OwnedTensor(shape, try golden.values(name).map { $0 * scale })
  }
}

extension AdversarialTrainer {
  /// Overwrites arrays and counters of the state by name, by way of a file.
  func set(_ values: [String: [Double]], counters: [String: Int] = [:], kt: Double? = nil) throws {
    var remaining = Set(values.keys).union(counters.keys)
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).safetensors").path
    defer { unlink(path) }
    try withState { arrays in
      var memory: [UnsafeMutableRawBufferPointer] = []
      defer { for bytes in memory { bytes.deallocate() } }
      let changed = arrays.map { array -> NamedArray in
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: array.bytes.count, alignment: 16)
        bytes.copyMemory(from: array.bytes)
        memory.append(bytes)
        if let new = values[array.name] {
          remaining.remove(array.name)
          for (index, value) in new.enumerated() { bytes.bindMemory(to: Real.self)[index] = Real(value) }
        }
        if array.name == "k_t", let kt { bytes.storeBytes(of: kt, as: Double.self) }
        if let new = counters[array.name] {
          remaining.remove(array.name)
          bytes.storeBytes(of: Int64(new), as: Int64.self)
        }
        return NamedArray(name: array.name, type: array.type, shape: array.shape, bytes: UnsafeRawBufferPointer(bytes))
      }
      _ = try Safetensors.write(changed, to: path)
    }
    precondition(remaining.isEmpty, "no such arrays: \(remaining)")
    try restore(from: SafetensorsFile(path))
  }

  /// The state or the gradients as doubles, by name.
  static func doubles(_ arrays: [NamedArray]) -> [String: [Double]] {
    var result: [String: [Double]] = [:]
    for array in arrays where array.type == .real {
      result[array.name] = array.bytes.bindMemory(to: Real.self).map { Double($0) }
    }
    return result
  }
}
