import Communication
import Tensors

/// How gradients are summed over ranks, `comm.algorithm`.
public enum ReductionAlgorithm: String, Sendable, CaseIterable {
  /// The fixed balanced tree: the same bits at every number of ranks.
  case tree
  /// MPI_Allreduce, for comparison. From 3 ranks on its order of addition depends on message size and number of
  /// ranks, so a run does not repeat at another number of ranks; and gradients then carry no witness of k_t.
  case library = "mpi"

  /// What sums so.
  ///
  /// - Parameters:
  ///   - name: whose vectors are summed.
  ///   - largest: bytes of the longest of them.
  public func makeReducer(_ communicator: any Communicator, _ name: ShortName, largest: Int) -> any Reducer {
    switch self {
    case .tree: TreeReducer(communicator, name, largest: largest)
    case .library: LibraryReducer(communicator)
    }
  }
}

/// The MPI library's own sum over ranks.
private final class LibraryReducer: Reducer {
  private let communicator: any Communicator

  init(_ communicator: any Communicator) { self.communicator = communicator }

  func reduce(_ values: UnsafeMutableBufferPointer<Float>, tag: Int, witness: UInt64) throws(CommunicationError) {
    try reduce(values)
  }

  func reduce(_ values: UnsafeMutableBufferPointer<Double>, tag: Int, witness: UInt64) throws(CommunicationError) {
    try reduce(values)
  }

  private func reduce<Number>(_ values: UnsafeMutableBufferPointer<Number>) throws(CommunicationError) {
    precondition(Number.self == Real.self, "only gradients are summed by the library")
    try communicator.libraryAllReduce(
      UnsafeMutableRawBufferPointer(values).assumingMemoryBound(to: Real.self))
  }
}
