import Tensors

#if canImport(Glibc)
  import Glibc
#endif

/// Random changes to a training sample: `data.augment.*`.
///
/// What is drawn is a function of (seed, epoch, sample) alone. Every draw takes the same numbers from its stream
/// whatever the settings, so that switching one change off leaves the others as they were.
public struct Augmentation: Sendable, Equatable {
  /// Whether anything is changed at all.
  public var isEnabled = true
  /// Standard deviation of the base-2 logarithm of the factor on the crop's side.
  public var scaleSigma = 0.25
  /// Largest magnitude of that logarithm.
  public var scaleLimit = 0.5
  /// Standard deviation of the rotation, in degrees.
  public var rotationSigma = 30.0
  /// Largest rotation either way, in degrees.
  public var rotationLimit = 60.0
  /// How often a sample is rotated at all.
  public var rotationProbability = 0.4
  /// How often it is mirrored.
  public var flipProbability = 0.5
  /// Smallest and largest factor on each colour channel, drawn uniformly; the result is clipped to 0...1.
  public var channelGainMin = 0.6
  public var channelGainMax = 1.4

  /// How often a black square is laid on the input, anywhere, and the largest side it may have, as a share of the
  /// input's; the smallest has half of that.
  public var cutOutProbability = 0.0
  public var cutOutSize = 0.4

  /// The usual training of stacked hourglasses.
  public init() {}

  /// Leaves every sample as it is.
  public static let none: Augmentation = {
    var none = Augmentation()
    none.isEnabled = false
    return none
  }()

  /// What happens to one sample in one epoch.
  public struct Draw: Sendable, Equatable {
    /// Factor on the crop's side.
    public var scale = 1.0
    /// In radians, clockwise as the picture is seen.
    public var rotation = 0.0
    public var isFlipped = false
    /// Factors on red, green and blue.
    public var gain = SIMD3<Double>(repeating: 1)

    /// A square to blacken, in shares of the input's side; nil for none.
    public var cutOut: Square?

    public struct Square: Sendable, Equatable {
      public var centerX, centerY, side: Double

      public init(centerX: Double, centerY: Double, side: Double) {
        self.centerX = centerX
        self.centerY = centerY
        self.side = side
      }
    }

    /// No change.
    public init() {}
  }

  public func draw(seed: UInt64, epoch: Int, sample: Int) -> Draw {
    var draw = Draw()
    guard isEnabled else { return draw }
    var random = CounterRandom(seed: seed, purpose: "augmentation", UInt64(epoch), UInt64(sample))
    draw.scale = exp2(clip(random.normal() * scaleSigma, scaleLimit))
    let angle = clip(random.normal() * rotationSigma, rotationLimit)
    draw.rotation = random.uniform() < rotationProbability ? angle * .pi / 180 : 0
    draw.isFlipped = random.uniform() < flipProbability
    for channel in 0..<3 { draw.gain[channel] = random.uniform(channelGainMin, channelGainMax) }
    let (isCut, side) = (random.uniform() < cutOutProbability, random.uniform(cutOutSize / 2, cutOutSize))
    let center = SIMD2(random.uniform(), random.uniform())
    if isCut { draw.cutOut = Draw.Square(centerX: center.x, centerY: center.y, side: side) }
    return draw
  }

  private func clip(_ value: Double, _ limit: Double) -> Double { max(-limit, min(limit, value)) }
}
