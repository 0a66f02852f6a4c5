import Platform

#if canImport(Glibc)
  import Glibc
#endif

/// What started this process, as its environment tells, before MPI is initialised.
public struct LaunchEnvironment: Sendable, Equatable {
  /// How the processes that were started together can find each other.
  public enum Kind: Sendable, Equatable {
    /// There are no others: a shell or a batch script started this process, or it is the only task of an srun step.
    case none
    /// By PMIx, which Open MPI needs: mpirun, or srun --mpi=pmix.
    case pmix
    /// Not at all: srun without PMIx started several tasks.
    case tasks
    /// By PMI-1 or PMI-2, which Open MPI does not speak: MPICH's mpiexec, or srun --mpi=pmi2.
    case pmi
  }

  public let kind: Kind
  /// Whether it is Open MPI's mpirun, which starts no other mpirun.
  public let isMPIRun: Bool
  /// This process among those that were started together.
  public let rank: Int
  /// How many they are; nil if only MPI knows.
  public let worldSize: Int?
  /// How many of them are on this host; nil if only MPI knows.
  let localSize: Int?
  /// The command line that mpirun started on every rank, the program without its folder; nil if they may differ.
  private let commonCommand: String?

  /// This process's launcher.
  public static let current = LaunchEnvironment { name in getenv(name).map { String(cString: $0) } }

  /// - Parameter variable: gives the value of an environment variable.
  package init(_ variable: (String) -> String?) {
    func number(_ name: String) -> Int? { variable(name).flatMap { Int($0) } }
    let isSlurmPMIx = variable("PMIX_NAMESPACE")?.hasPrefix("slurm.") == true
    isMPIRun = variable("OMPI_COMM_WORLD_SIZE") != nil
    localSize = number("OMPI_COMM_WORLD_LOCAL_SIZE")
    if isMPIRun || variable("PMIX_RANK") != nil {
      kind = .pmix
      rank = number("OMPI_COMM_WORLD_RANK") ?? number("PMIX_RANK") ?? 0
      // mpirun inside a step of Slurm starts ranks of its own, which inherit the step's variables.
      worldSize = number("OMPI_COMM_WORLD_SIZE") ?? (isSlurmPMIx ? number("SLURM_STEP_NUM_TASKS") : nil)
    } else if let own = number("PMI_RANK"), number("PMI_SIZE") != 1 {
      kind = .pmi
      rank = own
      worldSize = number("PMI_SIZE")
    } else if let tasks = Self.tasksOfStep(number) {
      kind = .tasks
      rank = number("SLURM_PROCID") ?? 0
      worldSize = tasks
    } else {
      kind = .none
      rank = 0
      worldSize = 1
    }
    let command = [variable("OMPI_COMMAND"), variable("OMPI_ARGV")].compactMap { $0 }.joined(separator: " ")
    commonCommand = variable("OMPI_NUM_APP_CTX") == "1" ? command : nil
  }

  /// The tasks of the srun step that this process is one of; nil if there is no such step, or no other task.
  private static func tasksOfStep(_ number: (String) -> Int?) -> Int? {
    // A batch script is in no step, but has the variables of one if a task submitted it: only SLURM_NTASKS is its own.
    // salloc's shell may be in a step of one task, and there SLURM_NTASKS counts the job's.
    guard number("SLURM_STEP_ID") != nil,
      let tasks = [number("SLURM_STEP_NUM_TASKS"), number("SLURM_NTASKS")].compactMap({ $0 }).min(), tasks > 1
    else { return nil }
    return tasks
  }

  /// Whether every rank was started with these arguments (the first is the program), as far as can be told without MPI.
  ///
  /// mpirun tells its ranks what it started. That may be a wrapper such as numactl, so the end is compared. A script may
  /// give every rank other arguments.
  public func startsEveryRank(with arguments: [String]) -> Bool {
    guard let commonCommand, let program = arguments.first?.split(separator: "/").last else { return false }
    let own = ([String(program)] + arguments.dropFirst()).joined(separator: " ")
    guard commonCommand.hasSuffix(own) else { return false }
    return commonCommand == own || " /".contains(commonCommand.dropLast(own.count).last!)
  }

  /// - Throws: if several processes were started that cannot find each other: each would take itself for the only one.
  func requireMPI() throws(LaunchEnvironmentError) {
    let count = worldSize.map { "\($0)" } ?? "several"
    switch kind {
    case .none, .pmix: break
    case .tasks:
      throw LaunchEnvironmentError(
        "srun started \(count) tasks without PMIx, and each would run alone; start them by srun --mpi=pmix")
    case .pmi:
      throw LaunchEnvironmentError(
        "a launcher without PMIx started \(count) processes, and each would run alone; "
          + "start them by Open MPI's mpirun or by srun --mpi=pmix")
    }
  }
}

/// Processes were started in a way in which they cannot find each other. Exit code 2.
public struct LaunchEnvironmentError: ExitCodeError, Sendable, Equatable, CustomStringConvertible {
  public let description: String
  public var exitCode: ExitCode { .usage }

  init(_ description: String) { self.description = description }
}
