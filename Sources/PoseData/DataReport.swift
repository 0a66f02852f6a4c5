import Platform
import Synchronization
import Tensors

#if canImport(Glibc)
  import Glibc
#endif

/// What some of a data set holds, and what is wrong with it: every sample looked at, every photograph decoded once.
public struct DataReport: Sendable {
  public let jointNames: [String]
  /// People, and the photographs they are in.
  public let samples: Int
  public let photographs: Int
  /// Photographs that are not there, and those that cannot be decoded, or people who cannot be cropped.
  public private(set) var missing: [DataError] = []
  public private(set) var broken: [DataError] = []
  /// For each joint how often it is labelled, and how often it is hidden then.
  public private(set) var labelled: [Int]
  public private(set) var hidden: [Int]
  /// People with no labelled joint: masked in training, left out of figures.
  public private(set) var unlabelledSamples = 0
  /// Sides of the squares that are cropped, in pixels, from the smallest on.
  public private(set) var sides: [Double] = []
  /// People whose photograph was decoded; of those, squares that reach beyond it, and labelled joints that lie beyond.
  public private(set) var seen = 0
  public private(set) var reachingOut = 0
  public private(set) var jointsOutside = 0
  public let isDecoded: Bool

  /// - Parameters:
  ///   - decoding: whether photographs are looked at too.
  ///   - threads: that decode.
  public init(_ dataset: any PoseDataset, decoding: Bool, threads: Int) {
    jointNames = dataset.skeleton.jointNames
    samples = dataset.count
    isDecoded = decoding
    labelled = Array(repeating: 0, count: jointNames.count)
    hidden = labelled
    let people = Self.grouped(dataset)
    photographs = people.count
    let found = Mutex([(place: Int, finding: Finding)]())
    if decoding {
      let pool = ThreadPool(threads: threads)
      pool.run(people.count) { place, _ in
        let finding = Self.look(at: people[place], dataset)
        found.withLock { $0.append((place, finding)) }
      }
    } else {
      found.withLock { $0 = people.indices.map { ($0, Finding()) } }
    }
    let findings = found.withLock { $0.sorted { $0.place < $1.place } }
    for (place, finding) in findings { add(people[place], finding, dataset) }
    sides.sort()
  }

  /// The indices of the people of each photograph.
  private static func grouped(_ dataset: any PoseDataset) -> [[Int]] {
    guard let dataset = dataset as? PhotographDataset else { return (0..<dataset.count).map { [$0] } }
    var places: [FilePath: Int] = [:]
    var people: [[Int]] = []
    for index in 0..<dataset.count {
      let photograph = FilePath(dataset.photograph(of: index))
      let place = places[photograph, default: people.count]
      if place == people.count {
        places[photograph] = place
        people.append([])
      }
      people[place].append(index)
    }
    return people
  }

  /// What decoding a photograph showed.
  private struct Finding {
    var size: (width: Int, height: Int)?
    var error: DataError?
    var isMissing = false
  }

  private static func look(at people: [Int], _ dataset: any PoseDataset) -> Finding {
    var finding = Finding()
    if let set = dataset as? PhotographDataset, access(set.photograph(of: people[0]), F_OK) != 0 {
      finding.isMissing = true
      finding.error = DataError(set.photograph(of: people[0]), String(cString: strerror(errno)))
      return finding
    }
    do throws(DataError) {
      let image = try dataset.image(people[0])
      finding.size = (image.width, image.height)
    } catch {
      finding.error = error
    }
    return finding
  }

  private mutating func add(_ people: [Int], _ finding: Finding, _ dataset: any PoseDataset) {
    if let error = finding.error {
      if finding.isMissing { missing.append(error) } else { broken.append(error) }
    }
    for index in people {
      do throws(DataError) {
        add(try dataset.annotation(index), finding.size)
      } catch {
        // A photograph that cannot be read has been noted already.
        if finding.error == nil { broken.append(error) }
      }
    }
  }

  private mutating func add(_ annotation: PoseAnnotation, _ size: (width: Int, height: Int)?) {
    for (joint, place) in annotation.joints.enumerated() where place.isLabelled {
      labelled[joint] += 1
      if !place.isVisible { hidden[joint] += 1 }
      if let size, !Self.isInside(place.x, place.y, size) { jointsOutside += 1 }
    }
    if !annotation.joints.contains(where: \.isLabelled) { unlabelledSamples += 1 }
    sides.append(annotation.side)
    guard let size else { return }
    seen += 1
    let half = annotation.side / 2
    if !Self.isInside(annotation.centerX - half, annotation.centerY - half, size)
      || !Self.isInside(annotation.centerX + half, annotation.centerY + half, size)
    {
      reachingOut += 1
    }
  }

  private static func isInside(_ x: Double, _ y: Double, _ size: (width: Int, height: Int)) -> Bool {
    x >= -0.5 && y >= -0.5 && x <= Double(size.width) - 0.5 && y <= Double(size.height) - 0.5
  }
}
