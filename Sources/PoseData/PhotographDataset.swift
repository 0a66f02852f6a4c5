#if canImport(Glibc)
  import Glibc
#endif

/// People in photographs on disk, in the order of their files.
///
/// Which files it is read from, and how, is told by `PhotographFiles` and the formats.
public struct PhotographDataset: PoseDataset {
  public let skeleton: Skeleton
  public let bystanders: [LabelledPerson]
  private let people: [LabelledPerson]
  private let isTurned: Bool

  /// - Parameters:
  ///   - others: people of the same photographs who are no samples.
  ///   - isTurned: whether the labels are of photographs that are turned upright as Exif says, rather than as stored.
  public init(
    skeleton: Skeleton, people: [LabelledPerson], others: [LabelledPerson] = [], isTurned: Bool = true
  ) {
    self.skeleton = skeleton
    self.people = people
    self.isTurned = isTurned
    let photographs = others.isEmpty ? [] : Set(people.map(\.photograph))
    bystanders = others.filter { photographs.contains($0.photograph) }
  }

  public var count: Int { people.count }

  public func name(of index: Int) -> String { person(index).name }

  public func details(_ index: Int) -> PersonDetails { person(index).details }

  /// The photograph's file.
  public func photograph(of index: Int) -> String { person(index).photograph }

  private func person(_ index: Int) -> LabelledPerson {
    precondition(people.indices.contains(index), "sample \(index) of \(count)")
    return people[index]
  }

  /// Where the files name no square, and fewer than two different points are labelled, it is the photograph's own.
  public func annotation(_ index: Int) throws(DataError) -> PoseAnnotation {
    let person = person(index)
    if let square = person.square { return PoseAnnotation(joints: person.joints, square: square) }
    let size = try PhotographDecoder.size(file: person.photograph, isTurned: isTurned)
    return PoseAnnotation(
      joints: person.joints, centerX: Double(size.width - 1) / 2, centerY: Double(size.height - 1) / 2,
      side: Double(max(size.width, size.height)))
  }

  public func image(_ index: Int) throws(DataError) -> RGBImage {
    try image(index, reduction: 1).image
  }

  public func image(_ index: Int, reduction: Int) throws(DataError) -> (image: RGBImage, reduction: Int) {
    try PhotographDecoder.decode(file: person(index).photograph, reduction: reduction, isTurned: isTurned)
  }

  /// The photographs, each once, in the order in which people first appear.
  public var photographs: [String] {
    var seen: Set<String> = []
    return people.map(\.photograph).filter { seen.insert($0).inserted }
  }

  public func requirePhotographs() throws(DataError) {
    let missing = photographs.compactMap { path in
      access(path, R_OK) == 0 ? nil : DataError(path, String(cString: strerror(errno)))
    }
    guard let first = missing.first else { return }
    throw missing.count == 1
      ? first : DataError(first.place, "\(first.problem), nor can \(missing.count - 1) others be read")
  }
}
