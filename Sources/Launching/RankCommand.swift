/// What every rank of a run executes.
public struct RankCommand: Sendable, Equatable {
  /// The program's path.
  public let program: String
  public let arguments: [String]
  /// Whether the program is Equipoise.
  package let isOwn: Bool
  /// Whether it reads `--set compute.threads=N`.
  package let takesThreads: Bool

  /// - Parameters:
  ///   - words: a subcommand and its arguments; a first word with a slash is another program.
  ///   - own: the path of Equipoise.
  /// - Throws: where there is no word.
  public init(_ words: [String], own: String) throws(LaunchError) {
    guard let first = words.first else {
      throw LaunchError("nothing to run: after -- stand a subcommand and its arguments")
    }
    isOwn = !first.contains("/")
    program = isOwn ? own : first
    arguments = isOwn ? words : Array(words.dropFirst())
    takesThreads = isOwn && ["train", "evaluate", "replay"].contains(first)
  }

  /// The `compute.threads` that the arguments set; nil where they leave it to the program, as 0 does.
  package var threads: Int? {
    guard takesThreads else { return nil }
    let values = arguments.compactMap { word in
      [Self.threadsKey, "--set=" + Self.threadsKey].first(where: word.hasPrefix).map { word.dropFirst($0.count) }
    }
    return values.last.flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil }
  }

  /// The command with `compute.threads` set, ahead of its other arguments so that these win.
  package func words(threads: Int?) -> [String] {
    guard let threads, takesThreads else { return [program] + arguments }
    return [program, arguments[0], "--set", Self.threadsKey + "\(threads)"] + arguments.dropFirst()
  }

  /// The arguments with which `data digest` says what hosts have to agree on; nil for what is not `train`.
  package var digestArguments: [String]? {
    takesThreads && arguments[0] == "train" ? ["data", "digest"] + arguments.dropFirst() : nil
  }

  private static let threadsKey = "compute.threads="
}
