/// The size of a stacked hourglass. The defaults are those of every published network.
public struct HourglassConfiguration: Sendable, Hashable {
  /// Hourglasses one after the other.
  public var stacks: Int
  /// Residual modules at each place of an hourglass.
  public var modules: Int
  /// Channels inside the hourglasses, F; even.
  public var features: Int
  /// How often an hourglass halves its maps, whose side must be divisible by 2^depth.
  public var depth: Int
  /// Channels of the first convolution and of the two modules after it.
  public var stem: [Int]

  public init(stacks: Int, modules: Int = 2, features: Int = 256, depth: Int = 4, stem: [Int] = [64, 128]) {
    precondition(stacks > 0 && modules > 0 && features > 1 && depth > 0 && stem.count == 2)
    self.stacks = stacks
    self.modules = modules
    self.features = features
    self.depth = depth
    self.stem = stem
  }
}
