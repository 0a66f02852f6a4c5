/// How gradients are summed over ranks, `comm.algorithm`.
public enum ReductionAlgorithm: String, Sendable, CaseIterable {
  /// The fixed balanced tree: the same bits at every number of ranks.
  case tree
  /// MPI_Allreduce, for comparison. From 3 ranks on its order of addition depends on message size and number of
  /// ranks, so a run does not repeat at another number of ranks; and gradients then carry no witness of k_t.
  case library
}
