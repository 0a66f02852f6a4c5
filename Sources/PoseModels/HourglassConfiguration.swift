/// The size of a stacked hourglass.
public struct HourglassConfiguration: Sendable, Hashable {
  public var stacks: Int
  /// Residual modules at each place of an hourglass where there is one or more.
  public var modules: Int
  /// Channels inside the hourglasses.
  public var features: Int
  /// How often an hourglass halves its maps.
  public var depth: Int
  public var joints: Int
  /// Channels of the first convolution and of the two modules after it; 64 and 128 in every published network.
  public var stem: [Int]

  public init(stacks: Int, modules: Int, features: Int, depth: Int, joints: Int, stem: [Int] = [64, 128]) {
    precondition(stacks > 0 && modules > 0 && features > 1 && depth > 0 && joints > 0 && stem.count == 2)
    self.stacks = stacks
    self.modules = modules
    self.features = features
    self.depth = depth
    self.joints = joints
    self.stem = stem
  }
}
