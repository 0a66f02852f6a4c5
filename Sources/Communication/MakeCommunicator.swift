/// The communicator this process was started for: MPI's under mpirun or another PMIx launcher of several ranks, otherwise
/// one rank that never initialises MPI. Open MPI lets one process of a rank do so, and a script may start several in turn.
///
/// - Parameter warn: takes a sentence for people.
/// - Throws: `LaunchEnvironmentError`, `CommunicationError`.
public func makeCommunicator(
  _ launcher: LaunchEnvironment = .current, warn: @escaping @Sendable (String) -> Void = { _ in }
) throws -> any Communicator {
  try launcher.requireMPI()
  return launcher.worldSize == 1 ? SingleProcess() : try MPICommunicator(launcher, warn: warn)
}
