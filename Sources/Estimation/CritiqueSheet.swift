import PoseData

/// A picture of what the two networks say of a person, the joint that the discriminator doubts most first.
///
/// On the left the person with the generator's skeleton, and the joints by doubt; then for each joint three pictures:
/// the generator's heatmap, the discriminator's, and the difference between them, laid over the photograph, the brightest
/// of the three in full colour.
public enum CritiqueSheet {
  private static let tile = 112
  private static let gap = 4
  private static let caption = 12
  private static let portrait = 460

  public static func make(_ image: RGBImage, _ critique: PoseCritic.Critique, _ skeleton: Skeleton) -> RGBImage {
    let order = critique.doubt.indices.sorted { critique.doubt[$0] > critique.doubt[$1] }
    let rows = (order.count + 1) / 2
    let rowHeight = tile + caption + gap
    let left = portrait + 3 * gap
    let listHeight = 14 * order.count + 20
    var sheet = RGBImage(
      width: left + 2 * groupWidth, height: max(16 + rows * rowHeight, portrait + listHeight + 4 * gap) + gap,
      color: .white)
    drawPortrait(image, critique, skeleton, order, on: &sheet)
    for group in 0..<2 {
      for (column, title) in ["generator", "discriminator", "difference"].enumerated() {
        sheet.drawText(title, at: (left + group * groupWidth + column * (tile + gap), 4), color: grey)
      }
    }
    let crop = image.cropped(critique.transform.resized(to: tile))
    for (place, joint) in order.enumerated() {
      let (x, y) = (left + place % 2 * groupWidth, 16 + place / 2 * rowHeight)
      sheet.drawText(
        "\(place + 1) \(skeleton.jointNames[joint])  \(HeatmapOverlay.rounded(critique.doubt[joint]))", at: (x, y + 1),
        color: .black)
      let maps = maps(critique, joint)
      let brightest = max(maps.joined().filter(\.isFinite).max() ?? 1, 1e-3)
      for (column, map) in maps.enumerated() {
        sheet.paste(
          HeatmapOverlay.draw(map.map { $0 / brightest }, over: crop), at: (x + column * (tile + gap), y + caption))
      }
    }
    return sheet
  }

  private static let grey = RGBImage.Color(110, 110, 110)
  private static var groupWidth: Int { 3 * (tile + gap) + 2 * gap }

  private static func drawPortrait(
    _ image: RGBImage, _ critique: PoseCritic.Critique, _ skeleton: Skeleton, _ order: [Int], on sheet: inout RGBImage
  ) {
    let transform = critique.transform.resized(to: portrait)
    var picture = image.cropped(transform)
    let joints = transform.input(JointDecoder.joints(critique.joints))
    SkeletonDrawing(skeleton, lineWidth: 4).draw(joints, on: &picture)
    // The three it doubts most are ringed and numbered.
    for (place, joint) in order.prefix(3).enumerated() {
      let center = (x: joints[joint].x, y: joints[joint].y)
      picture.drawRing(at: center, radius: 13, width: 3, color: RGBImage.Color(255, 40, 160))
      picture.drawText(
        "\(place + 1)", at: (Int(center.x) + 16, Int(center.y) - 8), size: 2, color: RGBImage.Color(255, 40, 160))
    }
    sheet.paste(picture, at: (gap, gap))
    sheet.drawText("doubted most", at: (gap, portrait + 4 * gap), color: grey)
    let longest = critique.doubt.filter(\.isFinite).max() ?? 1
    for (place, joint) in order.enumerated() {
      let y = portrait + 4 * gap + 14 * (place + 1)
      sheet.drawText("\(place + 1) \(skeleton.jointNames[joint])", at: (gap, y), color: .black)
      let share = critique.doubt[joint] / max(longest, .leastNormalMagnitude)
      let length = Int((Double(portrait - 200) * (share.isFinite ? share : 1)).rounded())
      sheet.drawLine(
        from: (130, Double(y) + 4), to: (130 + Double(length), Double(y) + 4), width: 7,
        color: RGBImage.Color(255, 40, 160), opacity: 0.75)
      sheet.drawText(HeatmapOverlay.rounded(critique.doubt[joint]), at: (142 + length, y), color: grey)
    }
  }

  /// The generator's map, the discriminator's and their distance, r×r each.
  private static func maps(_ critique: PoseCritic.Critique, _ joint: Int) -> [[Double]] {
    let (said, drawn) = (critique.generated, critique.reconstructed)
    let joints = critique.joints.count
    func map(_ value: (Int) -> Double) -> [Double] {
      stride(from: joint, to: said.count, by: joints).map(value)
    }
    return [
      map { Double(said[$0]) }, map { Double(drawn[$0]) }, map { abs(Double(said[$0]) - Double(drawn[$0])) },
    ]
  }
}
