import Platform

#if canImport(Glibc)
  import Glibc
#endif

/// Where a data set's files lie, and in which form.
public struct PhotographFiles: Sendable {
  public enum Format: String, Sendable, CaseIterable {
    case mpii, lsp, lspet, coco, keypoints
  }

  /// A part of a set, as its makers or files divide it.
  public enum Part: String, Sendable, CaseIterable {
    case train, valid
  }

  public let format: Format
  /// The set's folder, or the file of its annotations.
  public let path: String
  /// That file, from `path` unless it begins with a slash; empty for what the set's makers call it.
  public let annotations: String
  /// The photographs' folder, likewise.
  public let images: String
  /// The file of the people's heads (`HeadBoxes`), likewise; empty for none.
  public let heads: String

  public init(
    _ format: Format, path: String, annotations: String = "", images: String = "", heads: String = ""
  ) {
    self.format = format
    self.path = path
    self.annotations = annotations
    self.images = images
    self.heads = heads
  }

  /// Reads the people of a part, or of all, and keeps those with the numbers of `range`, counted from 1.
  ///
  /// Photographs are not looked for: see `PhotographDataset.requirePhotographs`.
  public func open(_ part: Part? = nil, range: ClosedRange<Int>? = nil) throws(DataError) -> PhotographDataset {
    let file = try annotationFile(part)
    let set = try read(file, part)
    var (people, numbered) = (set.people, set.photographs)
    if let part, !set.isOfOnePart {
      guard let members = set.members[part] else {
        throw DataError(file, "does not say which people are for \(part.rawValue); name them by number, such as 1-100")
      }
      people = members.map { people[$0] }
    }
    if !heads.isEmpty {
      let sizes = try HeadBoxes.read(
        Self.resolve(heads, from: isFile ? Self.folder(path) : path), count: people.count)
      for index in people.indices { people[index].details.headSize = sizes[index] }
    }
    if let range {
      guard range.lowerBound >= 1, range.upperBound <= people.count else {
        throw DataError(
          file,
          "holds \(people.count) people\(part.map { " for \($0.rawValue)" } ?? ""), but "
            + "\(range.lowerBound)-\(range.upperBound) are asked for")
      }
      people = Array(people[range.lowerBound - 1...range.upperBound - 1])
      let chosen = Set(people.map { FilePath($0.photograph) })
      numbered = numbered.filter { chosen.contains(FilePath($0.value)) }
    }
    // The public sets' labels are of the pixels as stored: that is how their evaluations read photographs.
    return PhotographDataset(
      skeleton: set.skeleton, people: people, others: set.bystanders, numbered: numbered, isTurned: format == .keypoints
    )
  }

  private func read(_ file: String, _ part: Part?) throws(DataError) -> AnnotatedSet {
    switch format {
    case .mpii where file.hasSuffix(".mat"): try MPIIRelease.read(file, photographs: folder(of: file, part))
    case .mpii: try MPIIFormat.read(file, photographs: folder(of: file, part))
    case .lsp: try LSPFormat.read(file, photographs: folder(of: file, part))
    case .lspet: try LSPETFormat.read(file, photographs: folder(of: file, part))
    case .coco: try COCOFormat.read(file, photographs: folder(of: file, part))
    case .keypoints: try KeypointsFormat.read(file, photographs: folder(of: file, part))
    }
  }

  private var isFile: Bool { Self.kind(of: path) == S_IFREG }

  private func annotationFile(_ part: Part?) throws(DataError) -> String {
    if !annotations.isEmpty {
      let file = Self.resolve(annotations, from: isFile ? Self.folder(path) : path)
      guard Self.kind(of: file) == S_IFREG else { throw DataError(file, "there is no such file") }
      return file
    }
    if isFile { return path }
    guard Self.kind(of: path) == S_IFDIR else { throw DataError(path, "there is no such folder or file") }
    let usual = usualAnnotations(part)
    guard !usual.isEmpty else {
      throw DataError(path, "has a file for each part; name one, such as train or train 1-1000")
    }
    if let found = usual.map({ "\(path)/\($0)" }).first(where: { Self.kind(of: $0) == S_IFREG }) { return found }
    throw DataError(
      path, "holds no \(usual.joined(separator: " nor ")); name the file of annotations with data.annotations")
  }

  /// The names that a set's makers, or the programs that everyone uses, give the file.
  private func usualAnnotations(_ part: Part?) -> [String] {
    switch format {
    case .lsp, .lspet: return ["joints.mat"]
    case .mpii:
      return ["mpii_annotations.json", "mpii_annotations.json.gz"] + (part.map { ["annot/\($0.rawValue).json"] } ?? [])
        + [MPIIRelease.fileName]
    case .coco:
      guard let part else { return [] }
      return ["2017", "2014"].map { "annotations/person_keypoints_\(part == .train ? "train" : "val")\($0).json" }
    case .keypoints: return ["annotations.json", "annotations.json.gz"]
    }
  }

  /// The photographs' folder; where the configuration does not name it, the first of the usual ones that is there.
  private func folder(of file: String, _ part: Part?) -> String {
    let home = isFile ? Self.folder(path) : path
    if !images.isEmpty { return Self.resolve(images, from: home) }
    var usual = ["\(home)/images"]
    if format == .coco {
      // person_keypoints_train2017.json goes with train2017/.
      let name = file.split(separator: "/").last.map(String.init) ?? file
      let set = name.split(separator: ".").first?.split(separator: "_").last.map(String.init) ?? name
      usual = ["\(home)/images/\(set)", "\(home)/\(set)"] + usual
    }
    if format == .keypoints { usual = [Self.folder(file)] }
    return usual.first { Self.kind(of: $0) == S_IFDIR } ?? Self.folder(file)
  }

  private static func resolve(_ path: String, from folder: String) -> String {
    path.hasPrefix("/") ? path : path == "." ? folder : "\(folder)/\(path)"
  }

  private static func folder(_ file: String) -> String {
    guard let slash = file.lastIndex(of: "/") else { return "." }
    return slash == file.startIndex ? "/" : String(file[..<slash])
  }

  private static func kind(of path: String) -> mode_t? {
    var status = stat()
    return stat(path, &status) == 0 ? status.st_mode & S_IFMT : nil
  }
}
