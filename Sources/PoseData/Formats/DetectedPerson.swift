/// A box in which a detector found a person, in the form of COCO's results.
///
/// The file is a list of `image_id`, `bbox` (left, top, width, height; the first pixel's edge is 0), `score` and
/// `category_id`, of which 1 are people.
public struct DetectedPerson: Sendable, Equatable {
  private struct Entry: Decodable {
    let imageID: Int
    let categoryID: Int
    let bbox: [Double]
    let score: Double

    enum CodingKeys: String, CodingKey {
      case bbox, score
      case imageID = "image_id"
      case categoryID = "category_id"
    }
  }

  /// Its place in the file, from 0.
  public let number: Int
  public let imageID: Int
  public let box: [Double]
  public let score: Double
  /// The box's centre and 1.25 times its larger side, as of a labelled person.
  public let square: PoseAnnotation.Square

  /// The people of a file whose score is at least `minScore`, in its order.
  public static func read(_ file: String, minScore: Double) throws(DataError) -> [DetectedPerson] {
    var people: [DetectedPerson] = []
    for (number, entry) in try JSONAnnotations.read(file, as: [Entry].self).enumerated() where entry.categoryID == 1 {
      guard let square = PoseAnnotation.Square(box: entry.bbox, scale: COCOFormat.boxScale) else {
        throw DataError(file, "[\(number)].bbox is \(entry.bbox), not a box")
      }
      guard entry.score >= minScore else { continue }
      people.append(
        DetectedPerson(
          number: number, imageID: entry.imageID, box: entry.bbox, score: entry.score, square: square))
    }
    return people
  }
}
