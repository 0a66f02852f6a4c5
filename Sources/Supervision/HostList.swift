import Foundation
import Platform

/// The machines of a run, as a hostfile of mpirun's lists them: a line a machine, `NAME slots=N`; `#` begins a comment.
public struct HostList: Sendable, Equatable {
  public struct Host: Sendable, Equatable {
    public let name: String
    /// Ranks it takes.
    public let slots: Int
  }

  public let hosts: [Host]

  init(_ hosts: [Host]) { self.hosts = hosts }

  /// Reads a hostfile.
  ///
  /// - Throws: `HostListError`, naming file and line.
  public init(file: String) throws(HostListError) {
    guard let data = FileManager.default.contents(atPath: file) else { throw HostListError("\(file): cannot be read") }
    try self.init(text: String(decoding: data, as: UTF8.self), file: file)
  }

  package init(text: String, file: String) throws(HostListError) {
    var hosts: [Host] = []
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      let words = line.prefix { $0 != "#" }.split(whereSeparator: \.isWhitespace).map(String.init)
      guard let name = words.first else { continue }
      let place = "\(file):\(index + 1)"
      guard !name.hasPrefix("-") else { throw HostListError("\(place): \(name) is not a machine's name") }
      guard !hosts.contains(where: { $0.name == name }) else { throw HostListError("\(place): \(name) is there twice") }
      var slots = 1
      for word in words.dropFirst() {
        let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
        guard parts.count == 2, parts[0] == "slots", let number = Int(parts[1]), (1...4096).contains(number) else {
          throw HostListError("\(place): \(word) is not slots=N")
        }
        slots = number
      }
      hosts.append(Host(name: name, slots: slots))
    }
    guard !hosts.isEmpty else { throw HostListError("\(file): no machine is listed") }
    self.hosts = hosts
  }

  /// The machines that do not answer in time.
  public func unreachable(seconds: Double) -> [String] {
    let answered = RemoteShell().run(RunScript.nothing, [], on: hosts.map(\.name), seconds: seconds)
    return hosts.map(\.name).filter { !answered.contains($0) }
  }

  var slots: Int { hosts.reduce(0) { $0 + $1.slots } }

  /// As mpirun reads it.
  var text: String { hosts.map { "\($0.name) slots=\($0.slots)\n" }.joined() }
}

/// A hostfile that cannot be used. Exit code 2.
public struct HostListError: ExitCodeError, Sendable, CustomStringConvertible {
  public let description: String
  public var exitCode: ExitCode { .usage }
  init(_ description: String) { self.description = description }
}
