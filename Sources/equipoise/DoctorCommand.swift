import ArgumentParser
import Communication
import Foundation
import Kernels
import Tensors
import Training

struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor", abstract: "Says what this machine, MPI and BLAS offer, and what is wrong.")

  func run() throws {
    let communicator = try Program.join()
    let machine = try Machine(Configuration.Compute(), localSize: communicator.localSize)
    guard communicator.rank == 0 else { return }
    let environment = ProcessInfo.processInfo.environment
    print("cores       \(ThreadPool.cores) for this process, \(communicator.localSize) rank(s) on this machine")
    print("ranks       \(communicator.worldSize)\(communicator.worldSize == 1 ? " (started without mpirun)" : "")")
    print("kernels     \(machine.level.name) of \(KernelLevel.names.joined(separator: ", "))")
    var complaints: [String] = []
    do {
      let blas = try machine.loadBLAS()
      print("BLAS core   \(blas.coreName), for bench to measure against")
      if let overridden = blas.overridden {
        print("            OPENBLAS_CORETYPE=\(overridden) in the environment is overridden")
      }
    } catch {
      print("BLAS core   none: \(error); only bench needs it")
    }
    if communicator.localSize > ThreadPool.cores {
      complaints.append(
        "\(communicator.localSize) ranks share \(ThreadPool.cores) core(s): start fewer, or expect them to take turns")
    }
    let shared = try? FileManager.default.attributesOfFileSystem(forPath: "/dev/shm")
    if let free = shared?[.systemFreeSize] as? Int {
      print("/dev/shm    \(free >> 20) MiB free")
      if free < 64 << 20 {
        complaints.append("/dev/shm has \(free >> 20) MiB free: ranks on one machine exchange through it")
      }
    }
    let hugePages = "/sys/kernel/mm/transparent_hugepage/enabled"
    let huge = (try? String(contentsOfFile: hugePages, encoding: .utf8)) ?? "unknown"
    print("huge pages  \(huge.trimmingCharacters(in: .whitespacesAndNewlines))")
    if huge.contains("[never]") {
      complaints.append("transparent huge pages are off: echo madvise > \(hugePages)")
    }
    if getuid() == 0 && environment["OMPI_ALLOW_RUN_AS_ROOT"] == nil && communicator.worldSize == 1 {
      print("root        mpirun needs OMPI_ALLOW_RUN_AS_ROOT=1 and OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1;")
      print("            launch/local sets them")
    }
    for complaint in complaints { print("WRONG       \(complaint)") }
    if complaints.isEmpty { print("nothing wrong found") }
  }
}
