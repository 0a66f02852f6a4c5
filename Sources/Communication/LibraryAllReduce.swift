import CMPI

#if canImport(Glibc)
  import Glibc
#endif

/// One of MPI_Allreduce's algorithms, to measure the tree against.
///
/// Open MPI chooses by message size and number of ranks; asked before MPI_Init, it lets the choice be made for each
/// communicator. Other libraries have their own choice alone.
public final class LibraryAllReduce {
  public let name: String
  private let communicator: MPI_Comm
  private let rank: Int

  /// Names by the numbers that Open MPI's `coll_tuned_allreduce_algorithm` gives them.
  private static let algorithms: [(number: Int32, name: String)] = [
    (1, "linear"), (2, "reduce and broadcast"), (3, "recursive doubling"), (4, "ring"), (5, "segmented ring"),
    (6, "Rabenseifner"),
  ]

  private init(_ name: String, _ communicator: MPI_Comm, rank: Int) {
    self.name = name
    self.communicator = communicator
    self.rank = rank
  }

  /// Asks for a choice. To be called before `makeCommunicator`.
  public static func allowChoice() {
    setenv("OMPI_MCA_coll_tuned_use_dynamic_rules", "1", 1)
  }

  /// The library's own choice and, where it can be asked for them, each algorithm. Every rank calls it.
  public static func all(_ ranks: any Communicator) throws(CommunicationError) -> [LibraryAllReduce] {
    guard ranks.worldSize > 1 else { return [] }
    var found = [LibraryAllReduce("own choice", cmpi_comm_world(), rank: ranks.rank)]
    guard let variable = Variable("coll_tuned_allreduce_algorithm") else { return found }
    for (number, name) in algorithms {
      guard variable.set(number) else { continue }
      var copy: MPI_Comm?
      try MPICommunicator.check(MPI_Comm_dup(cmpi_comm_world(), &copy), "MPI_Comm_dup", rank: ranks.rank)
      found.append(LibraryAllReduce(name, copy!, rank: ranks.rank))
    }
    _ = variable.set(0)
    return found
  }

  /// Replaces `values` by their sum over ranks.
  public func reduce(_ values: UnsafeMutableBufferPointer<Float>) throws(CommunicationError) {
    try MPICommunicator.check(
      MPI_Allreduce(
        cmpi_in_place(), values.baseAddress, Int32(values.count), cmpi_float(), cmpi_sum(), communicator),
      "MPI_Allreduce", rank: rank)
  }

  /// A control variable of the library's, through MPI's tools interface.
  private struct Variable {
    private let handle: MPI_T_cvar_handle

    init?(_ name: String) {
      var granted: Int32 = 0
      var index: Int32 = 0
      var handle: MPI_T_cvar_handle?
      var count: Int32 = 0
      guard MPI_T_init_thread(cmpi_thread_multiple(), &granted) == cmpi_success(),
        MPI_T_cvar_get_index(name, &index) == cmpi_success(),
        MPI_T_cvar_handle_alloc(index, nil, &handle, &count) == cmpi_success(), let handle
      else { return nil }
      self.handle = handle
    }

    func set(_ value: Int32) -> Bool {
      var value = value
      return MPI_T_cvar_write(handle, &value) == cmpi_success()
    }
  }
}
