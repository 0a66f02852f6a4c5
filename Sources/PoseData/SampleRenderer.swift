import Tensors

/// Turns samples of a data set into what a network is given: input, heatmaps and mask.
///
/// Training and evaluation share this code; they differ in the `Augmentation.Draw`. Keeps working memory between
/// calls; one thread at a time uses a renderer.
public final class SampleRenderer {
  private let dataset: any PoseDataset
  private let inputResolution: Int
  private let target: HeatmapTarget
  private let sampler = CropSampler()

  /// - Parameter inputResolution: R in pixels, a multiple of 4; the heatmaps have r = R/4.
  public init(dataset: any PoseDataset, inputResolution: Int, target: HeatmapTarget) {
    precondition(inputResolution >= 4 && inputResolution % 4 == 0, "an input of \(inputResolution) pixels")
    self.dataset = dataset
    self.inputResolution = inputResolution
    self.target = target
  }

  /// Prepares one sample: `images` 1×R×R×3 in 0...1, `heatmaps` 1×r×r×M, `mask` 1×1×1×M.
  ///
  /// In a mirrored sample, left joints are on the maps of left joints as they appear.
  ///
  /// - Returns: the way from the photograph to the input, and back.
  @discardableResult
  public func render(
    _ index: Int, _ draw: Augmentation.Draw, images: Tensor, heatmaps: Tensor, mask: Tensor
  ) throws(DataError) -> CropTransform {
    let annotation = try dataset.annotation(index)
    try check(annotation, index)
    let transform = CropTransform(annotation.square, inputResolution: inputResolution, draw)
    sampler.sample(try dataset.image(index, for: transform), transform, gain: draw.gain, into: images)
    if let square = draw.cutOut { Self.blacken(square, images) }
    let order = draw.isFlipped ? dataset.skeleton.mirrored : Array(annotation.joints.indices)
    target.draw(order.map { annotation.joints[$0] }, transform, heatmaps: heatmaps, mask: mask)
    return transform
  }

  /// Prepares samples as they are, for evaluation; batch extents of the tensors are the number of indices.
  ///
  /// - Parameter scale: on the squares' sides.
  /// - Returns: for each sample its transform; none where it is broken and skipped, and then all its values are zero.
  public func render(
    _ indices: some Collection<Int>, scale: Double = 1, onBroken: BrokenSamplePolicy, images: Tensor, heatmaps: Tensor,
    mask: Tensor
  ) throws(DataError) -> [CropTransform?] {
    precondition(images.shape.n == indices.count, "\(indices.count) samples into \(images.shape)")
    var transforms: [CropTransform?] = []
    var draw = Augmentation.Draw()
    draw.scale = scale
    for (place, index) in indices.enumerated() {
      let (image, maps, flags) = (images.image(place), heatmaps.image(place), mask.image(place))
      do {
        transforms.append(try render(index, draw, images: image, heatmaps: maps, mask: flags))
      } catch {
        guard onBroken == .skip else { throw error }
        for tensor in [image, maps, flags] { tensor.values.update(repeating: 0) }
        transforms.append(nil)
      }
    }
    return transforms
  }

  /// Joints under the square stay where they are: what is hidden has to be guessed.
  private static func blacken(_ square: Augmentation.Draw.Square, _ images: Tensor) {
    let side = images.shape.w
    func pixels(_ center: Double) -> Range<Int> {
      let (first, last) = ((center - square.side / 2) * Double(side), (center + square.side / 2) * Double(side))
      return max(0, Int(first.rounded()))..<min(side, max(0, Int(last.rounded())))
    }
    for row in pixels(square.centerY) {
      for column in pixels(square.centerX) {
        (images.pointer + (row * side + column) * 3).update(repeating: 0, count: 3)
      }
    }
  }

  private func check(_ annotation: PoseAnnotation, _ index: Int) throws(DataError) {
    func fail(_ problem: String) -> DataError { DataError(dataset.name(of: index), problem) }
    guard annotation.joints.count == dataset.skeleton.jointCount else {
      throw fail("\(annotation.joints.count) joints, not \(dataset.skeleton.jointCount)")
    }
    guard annotation.centerX.isFinite, annotation.centerY.isFinite, annotation.side.isFinite, annotation.side > 0
    else {
      throw fail("a box of side \(annotation.side) at (\(annotation.centerX), \(annotation.centerY))")
    }
    for (joint, name) in zip(annotation.joints, dataset.skeleton.jointNames)
    where joint.isLabelled && !(joint.x.isFinite && joint.y.isFinite) {
      throw fail("\(name) is labelled at (\(joint.x), \(joint.y))")
    }
  }
}
