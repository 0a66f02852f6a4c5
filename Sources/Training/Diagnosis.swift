import Tensors

/// Where a shard's gradients go while it is run again to find what is not finite: to memory of their own, unsent.
final class Diagnosis {
  private let generator: Buffer<Real>
  private let discriminator: Buffer<Real>
  let inspector = StepInspector(.trap)
  /// The factor that clipped D's gradient if D was updated within the step; nil if it was not.
  let discriminatorClip: Double?

  init(generator: Player, discriminator: Player?, discriminatorClip: Double?) {
    self.discriminatorClip = discriminatorClip
    self.generator = Buffer(count: generator.store.count)
    self.discriminator = Buffer(count: discriminator?.store.count ?? 0)
  }

  func block(of player: Player) -> UnsafeMutablePointer<Real> {
    player.name == "generator" ? generator.pointer : discriminator.pointer
  }
}
