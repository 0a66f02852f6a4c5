/// MPII's boxes of heads, which its JSON forms lack: `headboxes_src`, 2×2×N, in the file that the evaluation of the
/// stacked hourglass and of HRNet comes with (`detections_our_format.mat`, `gt_valid.mat`).
enum HeadBoxes {
  /// MPII's share of a head box's diagonal that PCKh is normalised by (Andriluka et al., CVPR 2014).
  static let scale = 0.6

  static func size(width: Double, height: Double) -> Double { scale * (width * width + height * height).squareRoot() }

  /// The sizes of `count` heads, in the order of the people of the validation part.
  static func read(_ file: String, count: Int) throws(DataError) -> [Double] {
    let boxes = try MatFile.read(file, variable: "headboxes_src")
    guard boxes.extents == [2, 2, count] else {
      throw DataError(
        file,
        "headboxes_src is \(boxes.extents.map(String.init).joined(separator: "×")), not 2×2×\(count) for as many people"
      )
    }
    var sizes: [Double] = []
    for person in 0..<count {
      // The two corners' x, then their y.
      let (width, height) = (
        boxes.values[4 * person + 1] - boxes.values[4 * person],
        boxes.values[4 * person + 3] - boxes.values[4 * person + 2]
      )
      let size = size(width: width, height: height)
      guard size > 0, size <= 1e6 else {
        throw DataError(file, "headboxes_src, person \(person + 1): a head of \(size) pixels")
      }
      sizes.append(size)
    }
    return sizes
  }
}
