#if canImport(Glibc)
  import Glibc
#endif

extension InProcessCommunicator {
  /// Runs `body` as each of `size` ranks, every one on a thread of its own, and returns their results in rank order.
  ///
  /// A rank that throws ends the run for the others, as a process does that calls `abort`.
  public static func run<Output: Sendable>(
    size: Int, _ body: @escaping @Sendable (InProcessCommunicator) throws -> Output
  ) -> [Result<Output, any Error>] {
    let outputs = Monitor<[Result<Output, any Error>?]>(Array(repeating: nil, count: size))
    for communicator in world(size: size) {
      let start = Start {
        let result = Result { try body(communicator) }
        if case .failure = result { communicator.abort(code: 1) }
        outputs.update { $0[communicator.rank] = result }
      }
      var handle = pthread_t()
      let code = pthread_create(
        &handle, nil,
        { argument in
          Unmanaged<Start>.fromOpaque(argument!).takeRetainedValue().body()
          return nil
        }, Unmanaged.passRetained(start).toOpaque())
      guard code == 0 else { fatalError("cannot start the thread of rank \(communicator.rank): error \(code)") }
      pthread_detach(handle)
    }
    return outputs.wait { outputs in
      let finished = outputs.compactMap { $0 }
      return finished.count == size ? finished : nil
    }
  }

  private final class Start: Sendable {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }
}
