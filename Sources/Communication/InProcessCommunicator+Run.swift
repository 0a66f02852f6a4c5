import Platform

extension InProcessCommunicator {
  /// Runs `body` as each of `size` ranks, every one on a thread of its own, and returns their results in rank order.
  ///
  /// A rank that throws ends the run for the others, as a process does that calls `abort`.
  public static func run<Output: Sendable>(
    size: Int, machine: @escaping @Sendable (Int) -> Int = { _ in 0 },
    _ body: @escaping @Sendable (InProcessCommunicator) throws -> Output
  ) -> [Result<Output, any Error>] {
    let outputs = Monitor<[Result<Output, any Error>?]>(Array(repeating: nil, count: size))
    for communicator in world(size: size, machine: machine) {
      let start = { @Sendable in
        let result = Result { try body(communicator) }
        if case .failure = result { communicator.abort(code: 1) }
        outputs.update { $0[communicator.rank] = result }
      }
      do throws(SystemThreadError) {
        try SystemThread(start).detach()
      } catch {
        fatalError("cannot start the thread of rank \(communicator.rank): \(error)")
      }
    }
    return outputs.wait { outputs in
      let finished = outputs.compactMap { $0 }
      return finished.count == size ? finished : nil
    }
  }
}
