/// Pictures of one size, laid out in rows on one.
public enum ContactSheet {
  /// Lays `images` out from left to right and from top to bottom; all have the same size, and there is at least one.
  ///
  /// - Parameter gap: pixels between pictures, and around them all.
  public static func make(
    _ images: [RGBImage], columns: Int, gap: Int = 4, background: RGBImage.Color = .white
  ) -> RGBImage {
    precondition(columns > 0 && gap >= 0 && !images.isEmpty, "a sheet of \(images.count) pictures")
    let (width, height) = (images[0].width, images[0].height)
    precondition(images.allSatisfy { $0.width == width && $0.height == height }, "pictures of different sizes")
    let across = min(columns, images.count)
    let down = (images.count + across - 1) / across
    var sheet = RGBImage(
      width: across * (width + gap) + gap, height: down * (height + gap) + gap, color: background)
    for (index, image) in images.enumerated() {
      let left = index % across * (width + gap) + gap
      let top = index / across * (height + gap) + gap
      sheet.paste(image, at: (left, top))
    }
    return sheet
  }
}
