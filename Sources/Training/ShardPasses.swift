import Configuration
import Kernels
import Layers
import Objectives
import PoseModels
import Tensors

/// The mathematics of a step on one shard, in the paper's order (Chou, Chien, Chen, arXiv 1707.02439): the passes of both
/// networks, the losses, and the gradients of both players.
///
/// C: ground-truth heatmaps, Ĉ: the generator's, X: the images, D(h, X): heatmaps the discriminator draws from h.
struct ShardPasses {
  let g: StackedHourglass
  /// nil trains the generator alone, by L_MSE.
  let d: Discriminator?
  let loss: HeatmapLoss
  let adversarial: Configuration.Adversarial
  let context: KernelContext
  /// One, or where D is updated between the generator's forward and its backward one for each shard.
  let generatorPasses: [Pass]
  let realPass: Pass?
  let fakePass: Pass?

  private func generatorPass(_ number: Int) -> Pass { generatorPasses[number % generatorPasses.count] }

  /// Ĉ_n = G(X); L_MSE = Σ_n Σ_j (C_j − Ĉ_nj)², every stack supervised, and its gradient for Ĉ_n.
  ///
  /// - Parameter number: of the shard within the rank: its activations stay until `learn`.
  func predict(_ shard: Shard, _ number: Int) {
    let pass = generatorPass(number)
    pass.batchStatistics = shard.statistics?.generator
    g.forward(shard.images, pass)
    pass.outputGradients.removeAll(keepingCapacity: true)
    var lossMSE = 0.0
    for (n, prediction) in pass.outputs.enumerated() {
      let gradient = pass.allocate(prediction.shape)
      lossMSE += loss(prediction, shard.heatmaps, mask: shard.mask, gradient: gradient, context)
      pass.outputGradients.append(gradient)
      if n + 1 < pass.outputs.count || d == nil { pass.release(prediction) }
    }
    shard.sums?[.mse] = lossMSE
    if d == nil { shard.finishStatistics() }
  }

  /// L_real = Σ_j (C_j − D(C, X)_j)², and its gradient for D's parameters.
  func discriminateReal(_ shard: Shard) {
    guard let d, let pass = realPass, let discriminatorGradient = shard.discriminatorGradient else { return }
    pass.batchStatistics = shard.statistics?.discriminatorOnReal
    let reconstruction = d.forward(shard.heatmaps, shard.images, pass)
    let gradient = pass.allocate(reconstruction.shape)
    shard.sums?[.real] = loss(reconstruction, shard.heatmaps, mask: shard.mask, gradient: gradient, context)
    pass.release(reconstruction)
    pass.gradientTarget = discriminatorGradient.target()
    _ = d.backward(gradient, pass, wantsHeatmaps: false)
  }

  /// L_fake = Σ_j (Ĉ_j − D(Ĉ, X)_j)². One pass serves both players: with g = ∂L_fake/∂D, D's parameters take −k_t of
  /// their part, L_D = L_real − k_t L_fake, and Ĉ gains λ_G (Jᵀ g − τ g), L_G = L_MSE + λ_G L_adv.
  func discriminateFake(_ shard: Shard, _ number: Int, kt: Double) {
    guard let d, let pass = fakePass, let discriminatorGradient = shard.discriminatorGradient else { return }
    pass.batchStatistics = shard.statistics?.discriminatorOnFake
    let generated = generatorPass(number).outputs.last!
    let reconstruction = d.forward(generated, shard.images, pass)
    shard.finishStatistics()
    let gradient = pass.allocate(reconstruction.shape)
    let lossFake = loss(reconstruction, generated, mask: shard.mask, gradient: gradient, context)
    shard.sums?[.fake] = lossFake
    pass.gradientTarget = discriminatorGradient.target(scale: -kt, keep: true)
    pass.onGradientReady = discriminatorGradient.onReady
    if adversarial.refreshDiscriminator {
      _ = d.backward(gradient, pass, wantsHeatmaps: false)
      pass.release(reconstruction)
    } else {
      shard.sums?[.adv] = lossFake
      criticize(shard, number, reconstruction, gradient, pass)
    }
    discriminatorGradient.finish()
  }

  /// L_adv from the discriminator as it is after its update: it takes no gradient and no statistics from this pass.
  func criticizeAgain(_ shard: Shard, _ number: Int) {
    guard let d, let pass = fakePass else { return }
    pass.batchStatistics = nil
    let generated = generatorPass(number).outputs.last!
    let reconstruction = d.forward(generated, shard.images, pass)
    let gradient = pass.allocate(reconstruction.shape)
    shard.sums?[.adv] = loss(reconstruction, generated, mask: shard.mask, gradient: gradient, context)
    pass.gradientTarget = nil
    pass.onGradientReady = nil
    criticize(shard, number, reconstruction, gradient, pass)
  }

  /// ∂L_G/∂Ĉ += λ_G (Jᵀ g − τ g), g = ∂L_adv/∂D: through D's input, and where τ is 1 through Ĉ as its target.
  private func criticize(
    _ shard: Shard, _ number: Int, _ reconstruction: Tensor, _ gradient: Tensor, _ pass: Pass
  ) {
    let generated = generatorPass(number).outputs.last!
    let dGenerated = generatorPass(number).outputGradients.last!!
    let lambdaG = adversarial.lambdaG
    if adversarial.targetGradient {
      _ = loss(
        generated, reconstruction, mask: shard.mask, gradient: dGenerated, weight: lambdaG, accumulate: true, context)
    }
    pass.release(reconstruction)
    let throughInput = d!.backward(gradient, pass, wantsHeatmaps: true)!
    context.add(throughInput, times: lambdaG, to: dGenerated)
    pass.release(throughInput)
  }

  /// The gradient of L_G for the generator's parameters.
  func learn(_ shard: Shard, _ number: Int) {
    let pass = generatorPass(number)
    if d != nil { pass.release(pass.outputs.last!) }
    pass.gradientTarget = shard.generatorGradient.target()
    pass.onGradientReady = shard.generatorGradient.onReady
    _ = g.backward(pass, wantsInput: false)
    shard.generatorGradient.finish()
  }
}
