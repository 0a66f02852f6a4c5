/// A picture of what a data set says: people as they are cropped, their labelled skeletons drawn on.
public enum CropSheet {
  private static let side = 192
  private static let columns = 6
  private static let most = 24

  /// People from all over the set; nil where none of them can be read.
  public static func make(_ dataset: any PoseDataset) -> RGBImage? {
    let drawing = SkeletonDrawing(dataset.skeleton, lineWidth: 3)
    let count = min(most, dataset.count)
    let pictures = (0..<count).compactMap { place -> RGBImage? in
      let index = place * dataset.count / count
      guard let annotation = try? dataset.annotation(index), let image = try? dataset.image(index) else { return nil }
      let transform = CropTransform(annotation.square, inputResolution: side)
      var picture = image.cropped(transform)
      drawing.draw(transform.input(annotation.joints), on: &picture)
      return picture
    }
    return pictures.isEmpty ? nil : ContactSheet.make(pictures, columns: columns)
  }
}
