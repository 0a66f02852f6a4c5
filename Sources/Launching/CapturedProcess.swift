import Glibc
import Platform

/// A process whose standard output and error are kept.
final class CapturedProcess {
  private let child: ChildProcess
  /// The reading ends; -1 once closed.
  private var ends: [Int32] = [-1, -1]
  private var bytes: [[UInt8]] = [[], []]
  /// Bytes that are kept of each; what comes after is read and dropped.
  private static let most = 1 << 20

  /// - Throws: where it cannot be started.
  init(_ arguments: [String], input: String? = nil) throws(ChildProcessError) {
    var writing: [Int32] = [-1, -1]
    for index in 0..<2 {
      var pipe: [Int32] = [-1, -1]
      guard Glibc.pipe(&pipe) == 0 else {
        let code = errno
        for end in ends + writing where end >= 0 { close(end) }
        throw ChildProcessError(arguments[0], code)
      }
      for end in pipe { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
      _ = fcntl(pipe[0], F_SETFL, O_NONBLOCK)
      (ends[index], writing[index]) = (pipe[0], pipe[1])
    }
    defer { for end in writing { close(end) } }
    do {
      child = try ChildProcess(arguments, input: input, output: writing[0], errors: writing[1])
    } catch {
      for end in ends { close(end) }
      throw error
    }
  }

  deinit { for end in ends where end >= 0 { close(end) } }

  /// The code it ended with, as `ChildProcess.poll` says it; nil while it runs. Reads what it has written since.
  ///
  /// A process of its own that lives on, as ssh's do that keep a connection open, is not waited for.
  func poll() -> Int32? {
    let code = child.poll()
    for index in 0..<2 { drain(index) }
    return code
  }

  func end() { child.end() }

  var output: String { String(decoding: bytes[0], as: UTF8.self) }
  var errors: String { String(decoding: bytes[1], as: UTF8.self) }

  private func drain(_ index: Int) {
    var piece = [UInt8](repeating: 0, count: 4096)
    while true {
      let got = read(ends[index], &piece, piece.count)
      guard got > 0 else { return }
      bytes[index] += piece.prefix(min(got, Self.most - bytes[index].count))
    }
  }
}
