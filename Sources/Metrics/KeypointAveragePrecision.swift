/// COCO's keypoint figures: average precision and recall over object keypoint similarity (OKS) from 0.50 to 0.95.
///
/// Detections of an image, best first and twenty at most, each take the labelled person that is most like them and still
/// free. What is labelled as a crowd, has no labelled joint or another size than asked for is neither found nor missed.
/// Precision is the best at any recall from a point on, taken at 101 points. After Microsoft COCO's evaluation (Lin et al.,
/// ECCV 2014), whose figures it gives to the last digits.
public struct KeypointAveragePrecision: Sendable {
  /// The ten figures, 0...1; −1 where nobody of that size is labelled.
  public struct Figures: Sendable, Equatable {
    public var ap, ap50, ap75, apMedium, apLarge: Double
    public var ar, ar50, ar75, arMedium, arLarge: Double
  }

  /// Sizes of people, as ranges of area in pixels².
  private static let everySize = 0...1e10
  private static let medium = 1024.0...9216
  private static let large = 9216...1e10
  private static let mostDetections = 20
  private static let thresholds = (0..<10).map { 0.5 + Double($0) * ((0.95 - 0.5) / 9) }
  private static let recallPoints = (0...100).map { $0 == 100 ? 1 : Double($0) * 0.01 }

  private let similarity: ObjectKeypointSimilarity

  public init(_ similarity: ObjectKeypointSimilarity = ObjectKeypointSimilarity()) { self.similarity = similarity }

  public func figures(
    _ truths: [ObjectKeypointSimilarity.Truth], _ detections: [ObjectKeypointSimilarity.Detection]
  ) -> Figures {
    let truthsOf = Dictionary(grouping: truths) { $0.image }
    let detectionsOf = Dictionary(grouping: detections) { $0.image }
    let images = Set(truthsOf.keys).union(detectionsOf.keys).sorted().map { image in
      // Equal scores keep their order.
      let found = (detectionsOf[image] ?? []).enumerated().sorted {
        ($1.element.score, $0.offset) < ($0.element.score, $1.offset)
      }
      return Image(
        truths: truthsOf[image] ?? [], detections: found.prefix(Self.mostDetections).map(\.element), similarity)
    }
    let all = curves(images, Self.everySize)
    let (medium, large) = (curves(images, Self.medium), curves(images, Self.large))
    return Figures(
      ap: Self.mean(all.map(\.precision)), ap50: all[0].precision, ap75: all[5].precision,
      apMedium: Self.mean(medium.map(\.precision)), apLarge: Self.mean(large.map(\.precision)),
      ar: Self.mean(all.map(\.recall)), ar50: all[0].recall, ar75: all[5].recall,
      arMedium: Self.mean(medium.map(\.recall)), arLarge: Self.mean(large.map(\.recall)))
  }

  private static func mean(_ values: [Double]) -> Double {
    values.contains(-1) ? -1 : values.reduce(0, +) / Double(values.count)
  }

  /// Mean precision and largest recall at each threshold, for people of one size.
  private func curves(_ images: [Image], _ size: ClosedRange<Double>) -> [(precision: Double, recall: Double)] {
    Self.thresholds.map { threshold in
      var outcomes: [(score: Double, isTrue: Bool)] = []
      var people = 0
      for image in images {
        let matched = image.match(threshold, size)
        outcomes += matched.outcomes
        people += matched.people
      }
      guard people > 0 else { return (-1, -1) }
      let order = outcomes.enumerated().sorted { ($1.element.score, $0.offset) < ($0.element.score, $1.offset) }
      return Self.curve(order.map(\.element.isTrue), people)
    }
  }

  private static func curve(_ isTrue: [Bool], _ people: Int) -> (precision: Double, recall: Double) {
    var (precisions, recalls): ([Double], [Double]) = ([], [])
    var (right, wrong) = (0.0, 0.0)
    for isTrue in isTrue {
      if isTrue { right += 1 } else { wrong += 1 }
      precisions.append(right / (right + wrong + 0x1p-52))
      recalls.append(right / Double(people))
    }
    for index in precisions.indices.dropLast().reversed() {
      precisions[index] = max(precisions[index], precisions[index + 1])
    }
    var sum = 0.0
    var index = 0
    for point in recallPoints {
      while index < recalls.count && recalls[index] < point { index += 1 }
      if index < precisions.count { sum += precisions[index] }
    }
    return (sum / Double(recallPoints.count), recalls.last ?? 0)
  }

  /// One image: who is labelled, who was found, and how alike they are.
  private struct Image {
    let truths: [ObjectKeypointSimilarity.Truth]
    let detections: [ObjectKeypointSimilarity.Detection]
    /// By detection and truth.
    let similarities: [[Double]]

    init(
      truths: [ObjectKeypointSimilarity.Truth], detections: [ObjectKeypointSimilarity.Detection],
      _ similarity: ObjectKeypointSimilarity
    ) {
      self.truths = truths
      self.detections = detections
      similarities = detections.map { detection in truths.map { similarity(detection, $0) } }
    }

    /// What each detection that counts is, and how many people there were to be found.
    func match(
      _ threshold: Double, _ size: ClosedRange<Double>
    ) -> (outcomes: [(score: Double, isTrue: Bool)], people: Int) {
      let isIgnored = truths.map { $0.isCrowd || $0.labelled == 0 || !size.contains($0.area) }
      // Those that count come first: a detection takes one that does not only where it finds no other.
      let order = truths.indices.sorted { (isIgnored[$0] ? 1 : 0, $0) < (isIgnored[$1] ? 1 : 0, $1) }
      var isTaken = Array(repeating: false, count: truths.count)
      var outcomes: [(score: Double, isTrue: Bool)] = []
      for (index, detection) in detections.enumerated() {
        var best = min(threshold, 1 - 1e-10)
        var match: Int?
        for truth in order where !isTaken[truth] || truths[truth].isCrowd {
          if let match, !isIgnored[match], isIgnored[truth] { break }
          guard similarities[index][truth] >= best else { continue }
          best = similarities[index][truth]
          match = truth
        }
        if let match {
          isTaken[match] = true
          if !isIgnored[match] { outcomes.append((detection.score, true)) }
        } else if size.contains(detection.area) {
          outcomes.append((detection.score, false))
        }
      }
      return (outcomes, isIgnored.count { !$0 })
    }
  }
}
