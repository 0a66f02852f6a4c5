/// What a broken sample does to a run: `data.on_broken`.
public enum BrokenSamplePolicy: String, Sendable, CaseIterable {
  /// Ends it.
  case fail
  /// The sample keeps its place in the batch, black and fully masked, so that no other sample moves.
  case skip
}
