/// Several data sets as one, their joints put in one order: `data.kind: mix`.
public struct MixedDataset: PoseDataset {
  /// A set that takes part.
  public struct Source: Sendable {
    let dataset: any PoseDataset
    /// For each joint of the mix the one of the set that it is; nil where the set does not label it.
    let places: [Int?]
    let visits: Int

    /// - Parameters:
    ///   - skeleton: of the mix.
    ///   - renamed: joints of the mix and what the set calls them; the rest go by their names.
    ///   - weight: visits an epoch for each of its samples.
    ///   - name: what an error calls the set.
    public init(
      _ dataset: any PoseDataset, into skeleton: Skeleton, renamed: [(joint: String, own: String)] = [],
      weight: Double = 1, name: String
    ) throws(DataError) {
      precondition(weight >= 0 && weight.isFinite, "a weight of \(weight)")
      self.dataset = dataset
      visits = max(1, Int((weight * Double(dataset.count)).rounded()))
      var places = skeleton.places(in: dataset.skeleton)
      for (joint, own) in renamed {
        guard let target = skeleton.jointNames.firstIndex(of: joint) else {
          throw DataError(
            name, "the mix has no joint called \(joint): it has \(skeleton.jointNames.joined(separator: ", "))")
        }
        guard let place = dataset.skeleton.jointNames.firstIndex(of: own) else {
          throw DataError(
            name, "the set has no joint called \(own): it has \(dataset.skeleton.jointNames.joined(separator: ", "))")
        }
        places[target] = place
      }
      guard places.contains(where: { $0 != nil }) else {
        throw DataError(
          name, "none of its joints is one of the mix's: \(skeleton.jointNames.joined(separator: ", "))")
      }
      self.places = places
    }
  }

  public let skeleton: Skeleton
  private let sources: [Source]
  /// Where each source's samples begin, and the end of the last.
  private let starts: [Int]

  public init(skeleton: Skeleton, _ sources: [Source]) {
    self.skeleton = skeleton
    self.sources = sources
    starts = sources.reduce(into: [0]) { $0.append($0.last! + $1.dataset.count) }
  }

  public var count: Int { starts.last! }

  private func place(_ index: Int) -> (source: Source, index: Int) {
    precondition((0..<count).contains(index), "sample \(index) of \(count)")
    let number = starts.lastIndex { $0 <= index }!
    return (sources[number], index - starts[number])
  }

  public func name(of index: Int) -> String {
    let (source, index) = place(index)
    return source.dataset.name(of: index)
  }

  public func annotation(_ index: Int) throws(DataError) -> PoseAnnotation {
    let (source, index) = place(index)
    var annotation = try source.dataset.annotation(index)
    annotation.joints = source.places.map { place in
      place.map { annotation.joints[$0] } ?? .init(x: 0, y: 0, isLabelled: false, isVisible: false)
    }
    return annotation
  }

  public func image(_ index: Int) throws(DataError) -> RGBImage {
    let (source, index) = place(index)
    return try source.dataset.image(index)
  }

  public func image(_ index: Int, for crop: CropTransform) throws(DataError) -> PhotographPart {
    let (source, index) = place(index)
    return try source.dataset.image(index, for: crop)
  }

  /// Without the area: people of several sets, whose photographs are numbered apart, make no one figure by OKS.
  public func details(_ index: Int) -> PersonDetails {
    let (source, index) = place(index)
    var details = source.dataset.details(index)
    details.area = nil
    return details
  }

  public var portions: [SamplePortion] {
    zip(sources, starts).map { source, start in
      SamplePortion(samples: start..<start + source.dataset.count, visits: source.visits)
    }
  }

  public func photographWitness() -> [Int64] { sources.flatMap { $0.dataset.photographWitness() } }

  public func requirePhotographs() throws(DataError) {
    for source in sources { try source.dataset.requirePhotographs() }
  }
}
