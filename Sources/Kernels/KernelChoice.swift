/// Which build of the inner loops to take: the fastest this CPU can run, or a named one.
public enum KernelChoice: String, Sendable, CaseIterable {
  case auto, v4, v3, baseline

  /// nil if this CPU cannot run the named one.
  public var level: KernelLevel? { self == .auto ? .best : KernelLevel(named: rawValue) }
}
