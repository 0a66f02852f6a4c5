import Communication
import Tensors

/// Times the tree against MPI_Allreduce for vectors of 4 KiB to 32 MiB, and prints the medians and their ratio.
func measureReductions(_ communicator: any Communicator) throws {
  if communicator.rank == 0 { print("bytes  tree s  library s  tree/library") }
  var bytes = 4 << 10
  while bytes <= 32 << 20 {
    let values = Buffer<Real>(count: bytes / MemoryLayout<Real>.size)
    let reducer = TreeReducer(communicator, "measured", largest: bytes)
    let rounds = bytes < 1 << 20 ? 101 : 15
    let tree = try median(rounds, communicator) { try reducer.reduce(values.values, witness: 0) }
    let library = try median(rounds, communicator) { try communicator.libraryAllReduce(values.values) }
    if communicator.rank == 0 { print(bytes, tree, library, tree / library) }
    bytes *= 2
  }
}

private func median(_ rounds: Int, _ communicator: any Communicator, _ body: () throws -> Void) throws -> Double {
  let clock = ContinuousClock()
  var seconds: [Double] = []
  for _ in 0..<rounds {
    try communicator.barrier()
    let start = clock.now
    try body()
    seconds.append((clock.now - start) / .seconds(1))
  }
  return seconds.sorted()[rounds / 2]
}
