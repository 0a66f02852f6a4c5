import Communication
import Platform
import Testing

/// What the environment of a process tells about its launcher.
struct LaunchEnvironmentTests {
  /// The variables that a launcher sets, as they were seen, and what follows.
  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let variables: [String: String]
    let kind: LaunchEnvironment.Kind
    var rank = 0
    var worldSize: Int? = 1
  }

  private static let openMPI = [
    "OMPI_COMM_WORLD_SIZE": "4", "OMPI_COMM_WORLD_RANK": "3", "PMIX_RANK": "3", "PMIX_NAMESPACE": "1187840001",
  ]
  private static let step = [
    "SLURM_JOB_ID": "7", "SLURM_STEP_ID": "0", "SLURM_NTASKS": "4", "SLURM_STEP_NUM_TASKS": "4", "SLURM_PROCID": "2",
  ]
  private static let slurmPMIx = ["PMIX_RANK": "2", "PMIX_NAMESPACE": "slurm.pmix.7.0"]

  static let cases: [Case] = [
    Case(testDescription: "a shell", variables: [:], kind: .none),
    Case(testDescription: "mpirun", variables: openMPI, kind: .pmix, rank: 3, worldSize: 4),
    Case(
      testDescription: "mpirun with one rank", variables: openMPI.merging(["OMPI_COMM_WORLD_SIZE": "1"]) { $1 },
      kind: .pmix, rank: 3),
    Case(
      testDescription: "mpirun in a task of srun", variables: step.merging(openMPI) { $1 }, kind: .pmix, rank: 3,
      worldSize: 4),
    Case(
      testDescription: "srun --mpi=pmix", variables: step.merging(slurmPMIx) { $1 }, kind: .pmix, rank: 2,
      worldSize: 4),
    Case(
      testDescription: "another PMIx launcher in a step of Slurm",
      variables: step.merging(["PMIX_RANK": "1", "PMIX_NAMESPACE": "prte-1"]) { $1 }, kind: .pmix, rank: 1,
      worldSize: nil),
    Case(testDescription: "srun without PMIx", variables: step, kind: .tasks, rank: 2, worldSize: 4),
    Case(
      testDescription: "srun without PMIx, older", variables: step.filter { $0.key != "SLURM_STEP_NUM_TASKS" },
      kind: .tasks, rank: 2, worldSize: 4),
    Case(
      testDescription: "srun -n 1", variables: step.merging(["SLURM_NTASKS": "1", "SLURM_STEP_NUM_TASKS": "1"]) { $1 },
      kind: .none),
    Case(
      testDescription: "a batch script", variables: step.filter { !$0.key.hasPrefix("SLURM_STEP") }, kind: .none),
    Case(
      testDescription: "a batch script that a task of two submitted",
      variables: step.merging(["SLURM_NTASKS": "1", "SLURM_STEP_NUM_TASKS": "2"]) { $1 }, kind: .none),
    Case(
      testDescription: "salloc's shell in a step of its own",
      variables: step.merging(["SLURM_STEP_ID": "4294967290", "SLURM_STEP_NUM_TASKS": "1"]) { $1 }, kind: .none),
    Case(
      testDescription: "srun --mpi=pmi2", variables: step.merging(["PMI_RANK": "2", "PMI_SIZE": "4"]) { $1 },
      kind: .pmi, rank: 2, worldSize: 4),
    Case(
      testDescription: "MPICH's mpiexec", variables: ["PMI_RANK": "1", "PMI_SIZE": "2"], kind: .pmi, rank: 1,
      worldSize: 2),
    Case(
      testDescription: "MPICH's mpiexec with one rank", variables: ["PMI_RANK": "0", "PMI_SIZE": "1"], kind: .none),
  ]

  @Test(arguments: cases)
  func `a launcher is known by its variables`(_ example: Case) {
    let launcher = LaunchEnvironment { example.variables[$0] }
    #expect(launcher.kind == example.kind)
    #expect(launcher.rank == example.rank)
    #expect(launcher.worldSize == example.worldSize)
  }

  /// Of `cases`, those whose processes would each take itself for the only one.
  @Test(arguments: cases.filter { $0.kind == .tasks || $0.kind == .pmi })
  func `ranks that cannot find each other are refused`(_ example: Case) {
    let error = #expect(throws: LaunchEnvironmentError.self) {
      try makeCommunicator(LaunchEnvironment { example.variables[$0] })
    }
    #expect(error?.description.contains("srun --mpi=pmix") == true)
    #expect(error?.exitCode == .usage)
  }

  /// MPI, which only one process of a rank may initialise, is left alone.
  @Test(arguments: cases.filter { $0.worldSize == 1 })
  func `one rank does without MPI`(_ example: Case) throws {
    #expect(try makeCommunicator(LaunchEnvironment { example.variables[$0] }) is SingleProcess)
  }

  @Test(arguments: [
    ("equipoise", "fingerprint run", ["/usr/bin/equipoise", "fingerprint", "run"], true),
    ("equipoise", "fingerprint run", ["equipoise", "fingerprint", "run"], true),
    ("numactl", "-l bin/equipoise fingerprint run", ["bin/equipoise", "fingerprint", "run"], true),
    ("equipoise", "fingerprint run", ["equipoise", "fingerprint", "run-1"], false),
    ("notequipoise", "fingerprint run", ["equipoise", "fingerprint", "run"], false),
    ("sh", "-c equipoise fingerprint run-$OMPI_COMM_WORLD_RANK", ["equipoise", "fingerprint", "run-1"], false),
  ])
  func `a command is every rank's if mpirun started it`(
    command: String, rest: String, arguments: [String], isCommon: Bool
  ) {
    let variables = ["OMPI_COMMAND": command, "OMPI_ARGV": rest, "OMPI_NUM_APP_CTX": "1"].merging(Self.openMPI) { $1 }
    #expect(LaunchEnvironment { variables[$0] }.startsEveryRank(with: arguments) == isCommon)
    let several = variables.merging(["OMPI_NUM_APP_CTX": "2"]) { $1 }
    #expect(!LaunchEnvironment { several[$0] }.startsEveryRank(with: arguments))
  }

  @Test func `a command without arguments is every rank's too`() {
    let variables = ["OMPI_COMMAND": "equipoise", "OMPI_NUM_APP_CTX": "1"].merging(Self.openMPI) { $1 }
    #expect(LaunchEnvironment { variables[$0] }.startsEveryRank(with: ["./equipoise"]))
  }
}
