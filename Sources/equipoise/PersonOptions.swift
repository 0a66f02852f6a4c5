import ArgumentParser
import PoseData

/// Where in an image the person is.
struct PersonOptions: ParsableArguments {
  @Option(help: "The person's centre, X,Y in pixels; without it, the image's.")
  var center: String?

  @Option(help: "The person's size: the crop's side is 200 pixels times this; without it, the image's longer side.")
  var scale: Double?

  var isGiven: Bool { center != nil || scale != nil }

  /// The square to crop from an image.
  func square(in image: RGBImage) throws -> PoseAnnotation.Square {
    let place = try center.map(Self.point)
    if let scale, !(scale > 0 && scale <= 5000) { throw UsageError("--scale \(scale) is not a size") }
    return PoseAnnotation.Square(
      centerX: place?.x ?? Double(image.width - 1) / 2, centerY: place?.y ?? Double(image.height - 1) / 2,
      side: scale.map { $0 * 200 } ?? Double(max(image.width, image.height)))
  }

  private static func point(_ text: String) throws -> (x: Double, y: Double) {
    let parts = text.split(separator: ",").map { Double($0) }
    guard parts.count == 2, let x = parts[0], let y = parts[1], abs(x) <= 1e6, abs(y) <= 1e6 else {
      throw UsageError("--center \(text) is not X,Y")
    }
    return (x, y)
  }
}
