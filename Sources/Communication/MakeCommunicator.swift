#if canImport(Glibc)
  import Glibc
#endif

/// The communicator this process was started for: MPI's under mpirun or another PMIx launcher, otherwise one rank
/// that never initialises MPI.
public func makeCommunicator() throws(CommunicationError) -> any Communicator {
  let launched = getenv("OMPI_COMM_WORLD_SIZE") != nil || getenv("PMIX_RANK") != nil
  return launched ? try MPICommunicator() : SingleProcess()
}
