import Platform

/// Two dumps of a step side by side, in the order in which tensors were written.
public struct DumpComparison {
  /// Where they part.
  public enum Difference: Equatable {
    /// One has a tensor where the other has another, or none.
    case otherTensors(DumpedTensor?, DumpedTensor?)
    case values(DumpedTensor, DumpedTensor)
  }

  /// The first.
  public private(set) var first: Difference?
  /// Tensors that both have, and those of them that differ.
  public private(set) var compared = 0
  public private(set) var differing = 0

  /// - Parameter tolerance: up to which least, greatest, mean and root of the mean square may differ, as a share of the
  ///   larger tensor's root of the mean square; 0: every bit counts.
  public init(_ one: [DumpedTensor], _ other: [DumpedTensor], tolerance: Double = 0) {
    for index in 0..<max(one.count, other.count) {
      let (a, b) = (index < one.count ? one[index] : nil, index < other.count ? other[index] : nil)
      guard let a, let b, a.isSame(as: b) else {
        if first == nil { first = .otherTensors(a, b) }
        // What follows cannot be told apart from what was left out.
        return
      }
      compared += 1
      guard a.differs(from: b, tolerance) else { continue }
      differing += 1
      if first == nil { first = .values(a, b) }
    }
  }

  /// The tensors of a dump file.
  public static func read(_ path: String) throws(FileSystemError) -> [DumpedTensor] {
    let lines = try JSONLines.read(path)
    var tensors: [DumpedTensor] = []
    for (index, line) in lines.enumerated() {
      guard let tensor = DumpedTensor(line) else {
        throw FileSystemError(path, "line \(index + 1) is no tensor of a dump")
      }
      tensors.append(tensor)
    }
    return tensors
  }

  /// For people.
  public var text: String {
    switch first {
    case nil: return "the same: \(compared) tensors"
    case .otherTensors(let a, let b):
      return """
        after \(compared) tensors that both have, \(differing) of them different, the dumps are of different steps:
          one has    \(a?.title ?? "nothing more")
          the other  \(b?.title ?? "nothing more")
        """
    case .values(let a, let b):
      var lines = ["\(differing) of \(compared) tensors differ, the first: \(a.title)"]
      let rows = [
        ("", "one", "the other"), ("digest", a.digest, b.digest), ("not finite", "\(a.notFinite)", "\(b.notFinite)"),
        ("least", "\(a.least)", "\(b.least)"), ("greatest", "\(a.greatest)", "\(b.greatest)"),
        ("mean", "\(a.mean)", "\(b.mean)"), ("rms", "\(a.size)", "\(b.size)"),
      ]
      for row in rows {
        lines.append(
          "  \(row.0.rightPadded(12))\(row.1.rightPadded(26))\(row.2)"
        )
      }
      return lines.joined(separator: "\n")
    }
  }
}

extension DumpedTensor {
  fileprivate var title: String {
    "\(part)\(shard.map { ", shard \($0)" } ?? ""): \(name), \(shape.map(String.init).joined(separator: "×"))"
  }

  fileprivate func isSame(as other: DumpedTensor) -> Bool {
    part == other.part && shard == other.shard && name == other.name && shape == other.shape
  }

  fileprivate func differs(from other: DumpedTensor, _ tolerance: Double) -> Bool {
    if digest == other.digest { return false }
    if tolerance == 0 || notFinite != other.notFinite { return true }
    let allowed = tolerance * max(size, other.size)
    return [(least, other.least), (greatest, other.greatest), (mean, other.mean), (size, other.size)]
      .contains { abs($0 - $1) > allowed }
  }
}
