import Platform

/// A run's directory, held by one run at a time.
///
///     config.yaml   the configuration as resolved
///     log.jsonl     one line a step and an evaluation
///     checkpoints/  step-NNNNNNN/
///     samples/      pictures
///     not-finite/   inputs and state of steps that were not finite and ended the run
///     run.lock      held while the run lives
///     supervise/    journal of a supervisor
public final class RunDirectory: Sendable {
  /// The folder in which a supervisor keeps its journal; it is there before the run.
  public static let supervision = "supervise"

  public let path: String
  public let resume: ResumeMode
  private let lock: RunLock
  /// What the file system cannot do that a run would like, one sentence each.
  public let warnings: [String]

  /// Makes the directory where it is missing, locks it, and refuses one that another run holds or that `--resume none`
  /// does not allow.
  public init(_ path: String, resume: ResumeMode) throws(FileSystemError) {
    self.path = path
    self.resume = resume
    try FileSystem.createDirectory(path)
    let others = try FileSystem.names(in: path).filter { ![RunLock.fileName, Self.supervision].contains($0) }
    if resume == .fresh, let first = others.first {
      throw FileSystemError(
        path, "is not empty (there is \(first)), and --resume none begins only in an empty directory")
    }
    lock = try RunLock(directory: path)
    var warnings: [String] = []
    if !lock.isHeld {
      warnings.append(
        "\(path): the file system has no locks, so nothing but \(RunLock.fileName) keeps a second run out")
    }
    if try !FileSystem.synchronize(directory: path) {
      warnings.append(
        "\(path): the file system cannot flush folders; after a loss of power the last checkpoint may be gone")
    }
    if FileSystem.freeBytes(at: path) == nil {
      warnings.append("\(path): the file system does not say how much space is free; a save may find none")
    }
    self.warnings = warnings
    try FileSystem.createDirectory("\(path)/checkpoints")
    try FileSystem.createDirectory("\(path)/samples")
  }

  public var checkpoints: CheckpointStore { CheckpointStore(runDirectory: path) }
  public var logPath: String { "\(path)/log.jsonl" }
  public var configPath: String { "\(path)/config.yaml" }
  public var samplesPath: String { "\(path)/samples" }

  /// The checkpoint to go on from, by the rule of `resume`; nil to begin at the beginning.
  public func resumePoint() throws(CheckpointError) -> CheckpointStore.Found? {
    switch resume {
    case .fresh: nil
    case .auto: try checkpoints.newestGood()
    case .path(let path): try CheckpointStore.open(path)
    }
  }

  /// Leaves the record as it was at `step` (0 for a run that begins): later lines leave the log, later checkpoints are
  /// set aside. Writes the resolved configuration.
  public func begin(at step: Int, config: String) throws(FileSystemError) {
    try checkpoints.setAside(after: step)
    if step == 0 {
      try FileSystem.remove(logPath)
    } else {
      try RunLog.truncate(logPath, after: step)
    }
    try FileSystem.write(config, to: configPath)
  }

  /// Writes what a step that was not finite can be repeated with; returns its path.
  public func write(reproducer step: Int, _ arrays: [NamedArray]) throws(FileSystemError) -> String {
    let folder = "\(path)/not-finite"
    let file = "\(folder)/step-\(step).safetensors"
    try FileSystem.createDirectory(folder)
    try FileSystem.remove(file)
    try FileSystem.requireSpace(Safetensors.fileSize(of: arrays), at: folder)
    try Safetensors.write(arrays, to: file)
    return file
  }

  /// Writes a picture into `samples/`, whole or not at all.
  public func write(sample name: String, _ bytes: [UInt8]) throws(FileSystemError) {
    try FileSystem.write(bytes, to: "\(samplesPath)/\(name)")
  }
}
