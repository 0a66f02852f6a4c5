import Launching
import Testing

@Suite struct MPIInstallationTests {
  @Test(arguments: [
    ("mpirun (Open MPI) 4.1.4\n\nReport bugs to http://www.open-mpi.org/community/help/\n", "4.1.4"),
    ("mpirun (Open MPI) 4.0.0", "4.0.0"), ("mpirun (Open MPI) 5.0.1rc2\n", "5.0.1"), ("mpirun (Open MPI) 10.1", "10.1"),
  ])
  func openMPI(says: String, version: String) throws {
    #expect(try MPIInstallation(path: "/usr/bin/mpirun", says: says).version == version)
  }

  @Test(arguments: [
    ("mpirun (Open MPI) 2.1.1\n", "/m is Open MPI 2.1.1, and 4.0 or later is needed"),
    ("mpirun (Open MPI) 3.1.6\n", "/m is Open MPI 3.1.6, and 4.0 or later is needed"),
    ("HYDRA build details:\n    Version:    4.0.2\n", "/m is MPICH's"),
    (
      "Intel(R) MPI Library for Linux* OS, Version 2021.8\n",
      "/m is not Open MPI's: it says \"Intel(R) MPI Library for Linux* OS, Version 2021.8\""
    ),
    ("", "/m is not Open MPI's"), ("mpirun (Open MPI) \n", "/m does not say its version: mpirun (Open MPI) "),
  ])
  func others(says: String, problem: String) {
    let fault = #expect(throws: MPIInstallation.Fault.self) { try MPIInstallation(path: "/m", says: says) }
    #expect(fault?.problem == problem)
    #expect(fault?.remedy.contains("apt-get install openmpi-bin") == true)
  }
}
