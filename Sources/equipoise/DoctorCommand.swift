import ArgumentParser
import Benchmarks
import Communication
import Configuration
import Estimation
import Foundation
import Platform
import RunRecord
import Supervision
import Tensors

struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor", abstract: "Says what this machine, MPI and BLAS offer, what is wrong, and what helps.",
    discussion: """
      Under mpirun, or launch/local, it says where the ranks are too. Ends with 1 where something would hurt training.
      """)

  @Option(help: ArgumentHelp("Try to reach these machines, a line each: NAME slots=N.", valueName: "file"))
  var hostfile: String?

  @Option(help: "Where runs will be written.")
  var directory = "."

  func run() throws {
    let communicator = try Program.join()
    var report = MachineReport()
    let machine = try Machine(Configuration.Compute(), localSize: communicator.localSize)
    report.lookAtCores(online: ProcessInfo.processInfo.processorCount, allowed: ThreadPool.cores)
    report.lookAtRanks(try MachineReport.places(communicator))
    guard communicator.rank == 0 else { return }
    report.say(
      "MPI", MPILibrary.version + (communicator.worldSize > 1 ? ", calls from several threads at once" : ""))
    report.lookAtKernels(machine.level)
    do {
      let blas = try BLASLibrary.load(blasCore: "auto")
      report.say("BLAS core", "\(blas.coreName), for bench to measure against")
      if let overridden = blas.overridden {
        report.say("", "OPENBLAS_CORETYPE=\(overridden) in the environment is overridden")
      }
    } catch {
      report.say("BLAS core", "none: \(error); only bench needs it")
    }
    report.lookAtSystem(sharedMemoryFree: FileSystem.freeBytes(at: "/dev/shm"))
    let speed = try DiskSpeed.measure(in: directory)
    report.lookAtDisk(
      directory, mebibytesPerSecond: speed, freeMebibytes: (FileSystem.freeBytes(at: directory) ?? 0) >> 20)
    if let hostfile {
      do throws(HostListError) {
        let list = try HostList(file: hostfile)
        let silent = list.unreachable(seconds: 15)
        report.say("hosts", "\(list.hosts.count - silent.count) of \(list.hosts.count) answer")
        for host in silent {
          report.add(
            .init(
              "\(host) does not answer",
              remedy: "`ssh \(host) true` has to work without a question; OMPI_MCA_plm_rsh_agent names another way"))
        }
      } catch {
        throw UsageError("\(error)")
      }
    }
    if getuid() == 0 && getenv("OMPI_ALLOW_RUN_AS_ROOT") == nil && communicator.worldSize == 1 {
      report.say("root", "mpirun needs OMPI_ALLOW_RUN_AS_ROOT=1 and OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1;")
      report.say("", "launch/local sets them")
    }
    print(report.text)
    if !report.troubles.isEmpty { Program.leave(.trouble) }
  }
}
