import Kernels
import Objectives
import Optimizers
import Tensors
import TestSupport
import Testing

/// Losses, update rules, clipping and k_t against PyTorch in float64.
@Suite struct GoldenMethodTests {
  private let vectors = VectorOperations(pool: ThreadPool(threads: 1), level: .best)

  @Test(arguments: GoldenCases.updateRules)
  func updateRule(_ name: String) throws {
    let golden = try GoldenCase(name)
    let parameters = try golden.tensor("initial")
    let count = parameters.shape.c
    let optimizer: any Optimizer = name == "adam" ? Adam(count: count) : RMSprop(count: count)
    let moments = ["average": "exp_avg", "square_average": name == "adam" ? "exp_avg_sq" : "square_avg"]
    let rate = try golden.scalar("lr")
    for step in 1...5 {
      let gradient = try golden.tensor("grad\(step)")
      optimizer.update(
        parameters: parameters.pointer, gradient: gradient.pointer, clip: 1, learningRate: rate, vectors)
      #expect(optimizer.stepCount == step)
      #expect(try golden.distance("after\(step)", parameters.values) <= GoldenCase.tolerance)
      for (moment, values) in optimizer.moments {
        let actual = (0..<count).map { Double(values[$0]) }
        #expect(try golden.distance("\(moments[moment]!)\(step)", actual) <= GoldenCase.tolerance)
      }
    }
    #expect(golden.unread.isEmpty)
  }

  @Test(arguments: GoldenCases.clippings)
  func clipping(_ name: String) throws {
    let golden = try GoldenCase(name)
    let parts = try ["grad0", "grad1"].map { try golden.values($0) }
    let gradient = OwnedTensor(.channels(parts[0].count + parts[1].count), parts[0] + parts[1])
    let norm = vectors.norm(gradient.pointer, count: gradient.shape.c)
    let expectedNorm = try golden.scalar("norm")
    #expect(abs(norm - expectedNorm) <= GoldenCase.tolerance * expectedNorm)
    let clip = clipFactor(norm: norm, limit: try golden.scalar("limit"))
    #expect(try golden.distance("clipped0", parts[0].map { clip * $0 }) <= GoldenCase.tolerance)
    #expect(try golden.distance("clipped1", parts[1].map { clip * $0 }) <= GoldenCase.tolerance)
    #expect(golden.unread.isEmpty)
  }

  @Test(arguments: GoldenCases.losses)
  func loss(_ name: String) throws {
    let golden = try GoldenCase(name)
    let heatmaps = try golden.tensor("heatmaps")
    let shape = heatmaps.shape
    let mask = OwnedTensor(Shape(n: shape.n, h: 1, w: 1, c: shape.c), try golden.values("mask"))
    let stacks = try ["stack0", "stack1"].map { try golden.tensor($0) }
    let real = try golden.tensor("reconstructed_real")
    let fake = try golden.tensor("reconstructed_fake")
    let loss = HeatmapLoss(
      LossReduction(rawValue: String(name.dropFirst(7)))!, globalBatch: shape.n, heatmaps: shape)
    let evaluate = { (a: OwnedTensor, b: OwnedTensor) -> (loss: Double, gradient: [Double]) in
      var value = 0.0
      let gradient = OwnedTensor(shape, filledWith: .nan)
      _ = Workbench().run { context in
        value = loss(a.tensor, b.tensor, mask: mask.tensor, gradient: gradient.tensor, context)
        return []
      }
      return (value, gradient.values)
    }
    let supervised = stacks.map { evaluate($0, heatmaps) }
    let (ofReal, ofFake, asTarget) = (evaluate(real, heatmaps), evaluate(fake, stacks[1]), evaluate(stacks[1], fake))
    for (what, value) in [
      ("loss_mse", supervised[0].loss + supervised[1].loss), ("loss_real", ofReal.loss), ("loss_fake", ofFake.loss),
    ] {
      #expect(try golden.distance(what, [value]) <= GoldenCase.tolerance, "\(what)")
    }
    for (what, gradient) in [
      ("grad_mse_stack0", supervised[0].gradient), ("grad_mse_stack1", supervised[1].gradient),
      ("grad_real", ofReal.gradient), ("grad_fake", ofFake.gradient), ("grad_fake_target", asTarget.gradient),
    ] {
      #expect(try golden.distance(what, gradient) <= GoldenCase.tolerance, "\(what)")
    }
    #expect(golden.unread.isEmpty)
  }

  @Test(arguments: GoldenCases.balances)
  func balance(_ name: String) throws {
    let golden = try GoldenCase(name)
    let rows = try golden.values("rows")
    #expect(rows.count % 7 == 0 && !rows.isEmpty)
    for row in stride(from: 0, to: rows.count, by: 7).map({ Array(rows[$0..<$0 + 7]) }) {
      var controller = BalanceController(
        kt: row[0], lambdaK: row[4], gamma: row[3], mode: row[5] == 1 ? .relative : .absolute)
      controller.update(lossReal: row[1], lossFake: row[2])
      #expect(abs(controller.kt - row[6]) <= 1e-15, "\(row)")
    }
    #expect(golden.unread.isEmpty)
  }
}
