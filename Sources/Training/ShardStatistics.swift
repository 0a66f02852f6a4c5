/// What every normalisation saw of one shard, to be summed over shards: complete once the forwards are.
struct ShardStatistics {
  /// As `Pass.batchStatistics` takes them.
  let generator, discriminatorOnReal, discriminatorOnFake: UnsafeMutablePointer<Double>

  /// - Parameters:
  ///   - generatorCount: statistics of a pass of the generator.
  ///   - discriminatorCount: of one of the discriminator's two.
  init(_ values: UnsafeMutablePointer<Double>, generatorCount: Int, discriminatorCount: Int) {
    generator = values
    discriminatorOnReal = generator + generatorCount
    discriminatorOnFake = discriminatorOnReal + discriminatorCount
  }

  static func count(generatorCount: Int, discriminatorCount: Int) -> Int { generatorCount + 2 * discriminatorCount }
}
