import Communication
import Glibc

// Checks of everything that only real ranks can show: run under mpirun with 2 or 4 ranks. `--measure` times the tree
// against the library's all-reduce instead; `--without-room` expects that /dev/shm has no room for what ranks would share.
let communicator: any Communicator
do {
  communicator = try makeCommunicator()
} catch {
  print("\(error)")
  exit(9)
}
guard communicator.worldSize >= 2, communicator.worldSize.nonzeroBitCount == 1 else {
  print("mpi-tests runs under mpirun, with 2, 4 or 8 ranks")
  exit(2)
}
do {
  if CommandLine.arguments.contains("--measure") {
    try measureReductions(communicator)
    communicator.finalize()
    exit(0)
  }
  var checks = Checks(communicator, shares: !CommandLine.arguments.contains("--without-room"))
  try checks.messages()
  try checks.waiting()
  try checks.headers()
  try checks.tree()
  try checks.gradients()
  try checks.replicas()
  try checks.witnesses()
  let failed = checks.report()
  communicator.finalize()
  exit(failed == 0 ? 0 : 1)
} catch {
  print("rank \(communicator.rank): \(error)")
  fflush(nil)
  communicator.abort(code: 9)
}
