import Glibc

/// A thread of this process, running one body.
public struct SystemThread: @unchecked Sendable {
  // Unchecked: glibc's handle is a number.
  private let handle: pthread_t

  /// Starts a thread.
  ///
  /// - Throws: the system's error number where it gives no thread.
  public init(_ body: @escaping @Sendable () -> Void) throws(SystemThreadError) {
    let box = Unmanaged.passRetained(Box(body))
    var handle = pthread_t()
    let code = pthread_create(
      &handle, nil,
      { argument in
        Unmanaged<Box>.fromOpaque(argument!).takeRetainedValue().body()
        return nil
      }, box.toOpaque())
    guard code == 0 else {
      box.release()
      throw SystemThreadError(code: code)
    }
    self.handle = handle
  }

  /// Waits until the body has returned; once.
  public func join() { pthread_join(handle, nil) }

  /// Lets the thread end by itself: nobody will wait for it.
  public func detach() { pthread_detach(handle) }

  private final class Box: Sendable {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }
}

/// The system gave no thread.
public struct SystemThreadError: Error, Sendable, CustomStringConvertible {
  /// As in errno.h.
  public let code: Int32

  public var description: String { String(cString: strerror(code)) }
}
