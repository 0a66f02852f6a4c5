import PoseData

/// A picture of what the generator predicts: crops with the predicted skeleton, and below each the true one.
public enum SampleSheet {
  private static let columns = 6

  public static func png(_ examples: [Evaluator.Example], _ skeleton: Skeleton, name: String) throws(DataError)
    -> [UInt8]
  {
    let drawing = SkeletonDrawing(skeleton, lineWidth: 3)
    var rows: [RGBImage] = []
    for start in stride(from: 0, to: examples.count, by: columns) {
      let row = examples[start..<min(start + columns, examples.count)]
      for joints in [row.map(\.predicted), row.map(\.truth)] {
        for (example, joints) in zip(row, joints) {
          var image = example.image
          drawing.draw(joints, on: &image)
          rows.append(image)
        }
      }
    }
    return try PNGWriter.encode(ContactSheet.make(rows, columns: min(columns, examples.count)), name: name)
  }
}
