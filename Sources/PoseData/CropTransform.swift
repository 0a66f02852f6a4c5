#if canImport(Glibc)
  import Glibc
#endif

/// Where a point of a photograph lies in the network's input and on its heatmaps, and back.
///
/// All grids have pixel centres at whole numbers. With u = (x − centre), S the square's side after scaling and R the
/// input's side in pixels,
///
///     input = F · Rot(θ) · u · R / S + (R − 1) / 2
///
/// so the square's edges come to −0.5 and R − 0.5. F mirrors left and right; θ turns the picture clockwise as it is
/// seen. A heatmap of side r has heatmap = (input + 0.5) · r / R − 0.5.
public struct CropTransform: Sendable, Equatable {
  public let inputResolution: Int
  public let heatmapResolution: Int
  /// Pixels of the photograph to one of the input.
  public private(set) var pixelsPerInputPixel: Double
  public let isFlipped: Bool
  private var centerX: Double
  private var centerY: Double
  private let cosine: Double
  private let sine: Double

  /// - Parameters:
  ///   - scale: multiplies the square's side: above 1 the person comes out smaller.
  ///   - rotation: θ in radians.
  ///   - heatmapResolution: a quarter of the input's unless given.
  public init(
    centerX: Double, centerY: Double, side: Double, inputResolution: Int, heatmapResolution: Int? = nil,
    scale: Double = 1, rotation: Double = 0, isFlipped: Bool = false
  ) {
    precondition(side > 0 && side.isFinite && scale > 0 && scale.isFinite, "a crop of side \(side) × \(scale)")
    precondition(centerX.isFinite && centerY.isFinite && rotation.isFinite && inputResolution >= 4)
    self.inputResolution = inputResolution
    self.heatmapResolution = heatmapResolution ?? inputResolution / 4
    self.centerX = centerX
    self.centerY = centerY
    self.isFlipped = isFlipped
    pixelsPerInputPixel = side * scale / Double(inputResolution)
    cosine = cos(rotation)
    sine = sin(rotation)
  }

  /// The way from a square of the photograph to an input of this side.
  public init(_ square: PoseAnnotation.Square, inputResolution: Int, _ draw: Augmentation.Draw = Augmentation.Draw()) {
    self.init(
      centerX: square.centerX, centerY: square.centerY, side: square.side, inputResolution: inputResolution,
      scale: draw.scale, rotation: draw.rotation, isFlipped: draw.isFlipped)
  }

  /// The photograph's joints on the input grid.
  public func input(_ joints: [PoseAnnotation.Joint]) -> [PoseAnnotation.Joint] {
    joints.map { joint in
      let point = input(x: joint.x, y: joint.y)
      return .init(x: point.x, y: point.y, isLabelled: joint.isLabelled, isVisible: joint.isVisible)
    }
  }

  /// A square `factor` times as large about the same centre.
  public func scaled(by factor: Double) -> CropTransform {
    var transform = self
    transform.pixelsPerInputPixel *= factor
    return transform
  }

  /// The same square on an input of another side.
  public func resized(to inputResolution: Int) -> CropTransform {
    CropTransform(
      centerX: centerX, centerY: centerY, side: pixelsPerInputPixel * Double(self.inputResolution),
      inputResolution: inputResolution, rotation: atan2(sine, cosine), isFlipped: isFlipped)
  }

  /// The same for a photograph at 1/`reduction` of its size.
  public func reduced(by reduction: Int) -> CropTransform {
    if reduction == 1 { return self }
    var transform = self
    transform.centerX = (centerX + 0.5) / Double(reduction) - 0.5
    transform.centerY = (centerY + 0.5) / Double(reduction) - 0.5
    transform.pixelsPerInputPixel = pixelsPerInputPixel / Double(reduction)
    return transform
  }

  /// The photograph's point on the input grid.
  public func input(x: Double, y: Double) -> (x: Double, y: Double) {
    let (u, v) = ((x - centerX) / pixelsPerInputPixel, (y - centerY) / pixelsPerInputPixel)
    let (turnedX, turnedY) = (cosine * u - sine * v, sine * u + cosine * v)
    let middle = Double(inputResolution - 1) / 2
    return ((isFlipped ? -turnedX : turnedX) + middle, turnedY + middle)
  }

  /// The input grid's point in the photograph.
  public func image(inputX: Double, inputY: Double) -> (x: Double, y: Double) {
    let middle = Double(inputResolution - 1) / 2
    let (u, v) = ((isFlipped ? middle - inputX : inputX - middle), inputY - middle)
    return (
      (cosine * u + sine * v) * pixelsPerInputPixel + centerX, (cosine * v - sine * u) * pixelsPerInputPixel + centerY
    )
  }

  /// The photograph's point on the heatmap grid.
  public func heatmap(x: Double, y: Double) -> (x: Double, y: Double) {
    let point = input(x: x, y: y)
    let ratio = Double(heatmapResolution) / Double(inputResolution)
    return ((point.x + 0.5) * ratio - 0.5, (point.y + 0.5) * ratio - 0.5)
  }

  /// The heatmap grid's point in the photograph.
  public func image(heatmapX: Double, heatmapY: Double) -> (x: Double, y: Double) {
    let ratio = Double(inputResolution) / Double(heatmapResolution)
    return image(inputX: (heatmapX + 0.5) * ratio - 0.5, inputY: (heatmapY + 0.5) * ratio - 0.5)
  }
}
