import PoseData

/// Drawn people in drawn places, with MPII's sixteen joints: data for trying things out, where no photographs are.
///
/// A sample is a function of the seed and its number alone, with the same bits on every machine: no file is read, and
/// nothing is kept between calls.
public struct SyntheticDataset: PoseDataset {
  public let seed: UInt64
  /// The numbers of the samples that belong to the set; sets of one seed with ranges apart share no sample.
  public let range: ClosedRange<Int>
  /// Width and height of the pictures, in pixels.
  public let imageSize: Int
  public static let imageSizes = 32...1024
  /// From 0 to 1: the spread of poses, occlusion, clutter, noise, back views and missing cues of left and right.
  public let difficulty: Double

  /// The samples of `seed` with the numbers of `range`.
  public init(seed: UInt64, range: ClosedRange<Int>, imageSize: Int = 160, difficulty: Double = 0.5) {
    precondition(range.lowerBound >= 0, "sample numbers are not negative")
    precondition(Self.imageSizes.contains(imageSize), "pictures have a side of \(Self.imageSizes) pixels")
    precondition((0...1).contains(difficulty), "difficulty is from 0 to 1")
    self.seed = seed
    self.range = range
    self.imageSize = imageSize
    self.difficulty = difficulty
  }

  public var skeleton: Skeleton { .mpii }

  public var count: Int { range.count }

  public func name(of index: Int) -> String {
    "synthetic \(range.lowerBound + index)"
  }

  /// All joints are labelled and inside the picture; those behind an object or the body itself are not visible.
  public func annotation(_ index: Int) throws(DataError) -> PoseAnnotation {
    try scene(index).annotation
  }

  /// Square, of side `imageSize`.
  public func image(_ index: Int) throws(DataError) -> RGBImage {
    try scene(index).render()
  }

  private func scene(_ index: Int) throws(DataError) -> SyntheticScene {
    guard index >= 0, index < count else {
      throw DataError("synthetic set", "there is no sample \(index) among \(count)")
    }
    return SyntheticScene(
      seed: seed, number: UInt64(range.lowerBound + index), size: imageSize, difficulty: difficulty)
  }
}
