import Platform

#if canImport(Glibc)
  import Glibc
#endif

/// People in photographs on disk, in the order of their files.
///
/// Which files it is read from, and how, is told by `PhotographFiles` and the formats.
public struct PhotographDataset: PoseDataset {
  public let skeleton: Skeleton
  public let bystanders: [LabelledPerson]
  /// The photographs by their numbers, where the set numbers them, those in which nobody is labelled too.
  private let numbered: [Int: String]
  private let people: [LabelledPerson]
  private let isTurned: Bool

  /// - Parameters:
  ///   - others: people who are no samples; those of other photographs are left out.
  ///   - numbered: the photographs by their numbers, where the set numbers them.
  ///   - isTurned: whether the labels are of photographs that are turned upright as Exif says, rather than as stored.
  public init(
    skeleton: Skeleton, people: [LabelledPerson], others: [LabelledPerson] = [], numbered: [Int: String] = [:],
    isTurned: Bool = true
  ) {
    self.skeleton = skeleton
    self.people = people
    self.isTurned = isTurned
    self.numbered = numbered
    let photographs =
      others.isEmpty ? [] : Set(people.map { FilePath($0.photograph) }).union(numbered.values.map { FilePath($0) })
    bystanders = others.filter { photographs.contains(FilePath($0.photograph)) }
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
    try PhotographDecoder.decode(file: person(index).photograph, isTurned: isTurned)
  }

  public func image(_ index: Int, for crop: CropTransform) throws(DataError) -> PhotographPart {
    try PhotographDecoder.decode(file: person(index).photograph, for: crop, isTurned: isTurned)
  }

  /// The people that a detector found in this set's photographs, nothing being labelled of them. Those that it found in
  /// others are left out.
  public func detected(_ found: [DetectedPerson]) -> PhotographDataset {
    let people = found.compactMap { detection -> LabelledPerson? in
      guard let photograph = numbered[detection.imageID] else { return nil }
      let file = photograph.split(separator: "/").last.map(String.init) ?? photograph
      var person = LabelledPerson(
        photograph: photograph, name: "\(file) [detection \(detection.number)]",
        joints: Array(
          repeating: .init(x: 0, y: 0, isLabelled: false, isVisible: false), count: skeleton.jointCount),
        square: detection.square)
      person.details.box = detection.box
      person.details.boxScore = detection.score
      person.details.imageID = detection.imageID
      return person
    }
    return PhotographDataset(skeleton: skeleton, people: people, numbered: numbered, isTurned: isTurned)
  }

  /// The photographs, each once, in the order in which people first appear.
  public var photographs: [String] {
    var seen: Set<FilePath> = []
    return people.map(\.photograph).filter { seen.insert(FilePath($0)).inserted }
  }

  /// The size of each photograph, in bytes, and for some of them what their first bytes are: the same on all ranks that
  /// see the same files. -1 for one that is not there.
  ///
  /// Some: sixteen, from all over the set, for reading all would take as long as an epoch.
  public func photographWitness() -> [Int64] {
    let files = photographs
    let sampled = Set((0..<min(16, files.count)).map { $0 * files.count / min(16, files.count) })
    return files.enumerated().flatMap { index, path -> [Int64] in
      var status = stat()
      guard stat(path, &status) == 0 else { return [-1] }
      guard sampled.contains(index) else { return [Int64(status.st_size)] }
      return [Int64(status.st_size), Self.digest(ofStart: path)]
    }
  }

  /// Of the first 64 KiB; 0 if they cannot be read.
  private static func digest(ofStart path: String) -> Int64 {
    guard let file = try? InputFile<DataError>(path), let bytes = try? file.read(min(file.count, 64 << 10), at: 0)
    else { return 0 }
    return Int64(SHA256.digest(of: bytes).prefix(15), radix: 16) ?? 0
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
