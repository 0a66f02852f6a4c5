/// A set of people in photographs, each with joints in the order of one skeleton.
///
/// A data set is immutable and may be read by several threads at once.
public protocol PoseDataset: Sendable {
  var skeleton: Skeleton { get }
  /// Samples in the set; they are numbered 0..<count.
  var count: Int { get }
  /// What the person reading an error would look for, such as `im00017.jpg` or `synthetic 17`.
  func name(of index: Int) -> String
  /// Joints and box of a sample, without decoding its image.
  func annotation(_ index: Int) throws(DataError) -> PoseAnnotation
  /// The photograph of a sample, decoded.
  func image(_ index: Int) throws(DataError) -> RGBImage
  /// As much of it as a crop needs, reduced where that is quicker.
  func image(_ index: Int, for crop: CropTransform) throws(DataError) -> PhotographPart
  /// What the set says of a sample for its own figures.
  func details(_ index: Int) -> PersonDetails
  /// People who are no samples, but count where people are to be found: crowds, and those with no labelled joint.
  var bystanders: [LabelledPerson] { get }
  /// Runs of samples, and how often an epoch visits each.
  var portions: [SamplePortion] { get }
  /// Numbers that are the same for all who see the same photographs; none if the set has no files.
  func photographWitness() -> [Int64]
  /// Refuses a set of which a photograph cannot be read.
  func requirePhotographs() throws(DataError)
}

/// Consecutive samples, and how many visits an epoch pays them.
public struct SamplePortion: Sendable, Equatable {
  public var samples: Range<Int>
  public var visits: Int

  public init(samples: Range<Int>, visits: Int) {
    self.samples = samples
    self.visits = visits
  }
}

extension PoseDataset {
  /// Every sample once.
  public var portions: [SamplePortion] { [SamplePortion(samples: 0..<count, visits: count)] }

  /// Samples that an epoch visits, those that it visits again counted again.
  public var visitsPerEpoch: Int { portions.map(\.visits).reduce(0, +) }

  public func image(_ index: Int, for crop: CropTransform) throws(DataError) -> PhotographPart {
    PhotographPart(try image(index))
  }

  public func details(_ index: Int) -> PersonDetails { PersonDetails() }

  public var bystanders: [LabelledPerson] { [] }

  public func photographWitness() -> [Int64] { [] }

  public func requirePhotographs() throws(DataError) {}
}

/// Where a person's joints are in the photograph.
///
/// Coordinates are in pixels, 0-based, a pixel's centre at whole numbers: (0, 0) is the centre of the top left pixel.
public struct PoseAnnotation: Sendable, Equatable {
  public struct Joint: Sendable, Equatable {
    public var x: Double
    public var y: Double
    /// Whether the position is known; an unlabelled joint takes part in no loss and no metric.
    public var isLabelled: Bool
    /// Whether it can be seen, rather than being hidden behind something.
    public var isVisible: Bool

    public init(x: Double, y: Double, isLabelled: Bool, isVisible: Bool) {
      self.x = x
      self.y = y
      self.isLabelled = isLabelled
      self.isVisible = isVisible
    }
  }

  public var joints: [Joint]
  /// Centre of the square that is cropped.
  public var centerX: Double
  public var centerY: Double
  /// Side of that square, in pixels.
  public var side: Double

  public init(joints: [Joint], centerX: Double, centerY: Double, side: Double) {
    self.joints = joints
    self.centerX = centerX
    self.centerY = centerY
    self.side = side
  }
}
