import PoseData
import SyntheticPoses

extension Configuration {
  /// A data set of which some samples are wanted.
  public struct SelectedSource: Sendable {
    public let kind: Data.Kind
    public let selection: SampleSelection
    let weight: Double
    let joints: String
    /// What an error calls it.
    public let name: String
    fileprivate let part: PhotographFiles.Part
    fileprivate let source: Source
  }

  /// The data sets that a part of the samples comes from: one, or those of a mix.
  public func sources(_ part: PhotographFiles.Part) -> [SelectedSource] {
    func selected(_ source: Source, _ name: String) -> SelectedSource? {
      guard let selection = part == .train ? source.train : source.valid else { return nil }
      return SelectedSource(
        kind: source.kind, selection: selection, weight: part == .train ? source.weight : 1, joints: source.joints,
        name: name, part: part, source: source)
    }
    guard data.kind == .mix else {
      let source = Source(
        kind: data.kind, path: data.path, annotations: data.annotations, images: data.images,
        headBoxes: data.headBoxes, train: data.split.train, valid: data.split.valid)
      return [selected(source, "data")].compactMap { $0 }
    }
    return data.sources.enumerated().compactMap { selected($1, Self.name(ofSource: $0)) }
  }

  /// Opens a part of the configured data. The joints of a mix are those of its first source.
  public func dataset(_ part: PhotographFiles.Part) throws(DataError) -> any PoseDataset {
    var opened: [any PoseDataset] = []
    for source in sources(part) { opened.append(try openSource(source)) }
    return try joined(part, opened)
  }

  /// The same from `sources`, each opened already.
  public func joined(
    _ part: PhotographFiles.Part, _ opened: [any PoseDataset]
  ) throws(DataError) -> any PoseDataset {
    guard data.kind == .mix else { return opened[0] }
    let sources = sources(part)
    let skeleton = try sources[0].name == Self.name(ofSource: 0) ? opened[0].skeleton : mixedSkeleton()
    var mixed: [MixedDataset.Source] = []
    for (source, dataset) in zip(sources, opened) {
      mixed.append(
        try MixedDataset.Source(
          dataset, into: skeleton, renamed: source.source.renamed ?? [], weight: source.weight,
          name: source.name))
    }
    return MixedDataset(skeleton: skeleton, mixed)
  }

  /// The same; where `data.on_broken` is `fail`, every photograph has to be there.
  public func usableDataset(_ part: PhotographFiles.Part) throws(DataError) -> any PoseDataset {
    let dataset = try dataset(part)
    if data.onBroken == .fail { try dataset.requirePhotographs() }
    return dataset
  }

  /// Opens one of `sources`, as it is.
  public func openSource(_ selected: SelectedSource) throws(DataError) -> any PoseDataset {
    let (source, range) = (selected.source, selected.selection.range.map { $0.first...$0.last })
    guard let format = source.kind.format else {
      guard let range else { preconditionFailure("a loaded configuration numbers its synthetic poses") }
      return SyntheticDataset(seed: run.seed, range: range, imageSize: data.imageSize, difficulty: data.difficulty)
    }
    return try PhotographFiles(
      format, path: source.path, annotations: source.annotations, images: source.images,
      heads: selected.part == .valid ? source.headBoxes : ""
    ).open(selected.selection.part, range: range)
  }

  /// Of the first source, which is not in every part.
  private func mixedSkeleton() throws(DataError) -> Skeleton {
    let part = data.sources[0].train == nil ? PhotographFiles.Part.valid : .train
    return try openSource(sources(part)[0]).skeleton
  }

  private static func name(ofSource number: Int) -> String { "data.sources[\(number)]" }
}
